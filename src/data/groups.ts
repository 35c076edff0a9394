/**
 * Dividing rows by the value of a column, so that the rows of a value stay together.
 *
 * @module
 */
import type { DatasetParts } from "./dataset_parts.ts";
import { nameKeptNames, nameKeptText } from "./kept_names.ts";
import { randomUnit, shuffled } from "./random.ts";

/** The second counter of the draws that place groups; that of their order is 0. */
const PLACING = 1;

/** Rows by the value of a column. */
export interface Groups {
  /** Group of each row `[rows]`, from 0 in the order of their first rows. */
  readonly of: Uint32Array;
  /** Rows of each group. */
  readonly sizes: readonly number[];
}

/**
 * Finds the groups of a column: a field of names, or one whose texts were kept while reading. Rows without a value are
 * one group, and so are those of values that share the row for rare ones.
 *
 * @throws {RangeError} when there is no such field
 */
export function groupsBy({ schema, rows, ids }: Pick<DatasetParts, "schema" | "rows" | "ids">, column: string): Groups {
  const { fields } = schema;
  // Kept texts tell rare names apart, which the field itself may not.
  const index = [nameKeptNames(column), nameKeptText(column), column]
    .map((name) => fields.findIndex((field) => field.name === name && field.kind === "categorical"))
    .find((place) => place >= 0);
  if (index === undefined) {
    const known = fields.filter(({ name, kind }) => kind === "categorical" && !name.startsWith("\0"));
    const names = known.map(({ name }) => `"${name}"`).join(", ") || "none";
    throw new RangeError(
      `Cannot split data set: groups must be of a categorical field (${names}), received "${column}"`,
    );
  }
  const numbers = new Map<number, number>();
  const sizes: number[] = [];
  const of = ids.slice(index * rows, (index + 1) * rows);
  for (let row = 0; row < rows; row++) {
    let group = numbers.get(of[row]);
    if (group === undefined) numbers.set(of[row], group = sizes.push(0) - 1);
    sizes[group]++;
    of[row] = group;
  }
  return { of, sizes };
}

/**
 * Divides groups into parts whose rows are as near to the fractions as whole groups allow: large groups are placed
 * first, each in a part that has room for it, drawn with the room left as its chance, and where none has, in the one with the
 * most room. Small groups then fill the gaps. A part that would be empty gets the smallest group of the largest part.
 *
 * @param strata class of each row, whose shares the parts are to have too; groups then go where their classes lack most
 * @returns the part of each row
 */
export function divideGroups(
  { of, sizes }: Groups,
  fractions: readonly number[],
  seed: number,
  strata?: Uint32Array,
): Uint32Array {
  // Sorting is stable, so that groups of one size stay in random order.
  const order = [...shuffled(sizes.length, seed)].sort((a, b) => sizes[b] - sizes[a]);
  const place = strata ? placeByClass({ of, sizes }, fractions, strata) : placeByRoom({ of, sizes }, fractions, seed);
  const partOf = new Uint32Array(sizes.length);
  for (const group of order) partOf[group] = place(group);
  fillEmpty(partOf, order, sizes, fractions.length);
  return of.map((group) => partOf[group]);
}

type Place = (group: number) => number;

function placeByRoom({ of, sizes }: Groups, fractions: readonly number[], seed: number): Place {
  const room = fractions.map((fraction) => fraction * of.length);
  return (group) => {
    const size = sizes[group];
    const fitting = room.map((left) => left >= size ? left : 0);
    const total = fitting.reduce((sum, left) => sum + left, 0);
    let drawn = randomUnit(seed, PLACING, group) * total;
    let part = total > 0 ? fitting.findIndex((left) => left > 0 && (drawn -= left) <= 0) : -1;
    if (part < 0) part = greatest(room);
    room[part] -= size;
    return part;
  };
}

/**
 * Places a group g where sum_c g_c d_pc / n_c^2 is greatest: there the squares of what the parts lack of the classes,
 * d_pc / n_c, decrease the most. n_c are the rows of class c.
 */
function placeByClass({ of, sizes }: Groups, fractions: readonly number[], strata: Uint32Array): Place {
  const counts: Map<number, number>[] = sizes.map(() => new Map());
  const totals: number[] = [];
  of.forEach((group, row) => {
    const stratum = strata[row];
    counts[group].set(stratum, (counts[group].get(stratum) ?? 0) + 1);
    totals[stratum] = (totals[stratum] ?? 0) + 1;
  });
  const lacking = fractions.map((fraction) => totals.map((total) => fraction * total));
  return (group) => {
    const entries = [...counts[group]];
    const gains = lacking.map((lack) => entries.reduce((sum, [c, count]) => sum + count * lack[c] / totals[c] ** 2, 0));
    const part = greatest(gains);
    for (const [c, count] of entries) lacking[part][c] -= count;
    return part;
  };
}

function greatest(numbers: readonly number[]): number {
  return numbers.reduce((best, number, index) => number > numbers[best] ? index : best, 0);
}

/** Gives each empty part the smallest group of the largest part that has another one. */
function fillEmpty(partOf: Uint32Array, order: readonly number[], sizes: readonly number[], parts: number): void {
  const rows = new Array<number>(parts).fill(0);
  const groups = new Array<number>(parts).fill(0);
  partOf.forEach((part, group) => {
    rows[part] += sizes[group];
    groups[part]++;
  });
  for (let part = 0; part < parts; part++) {
    const giving = greatest(rows.map((count, other) => groups[other] > 1 ? count : 0));
    if (groups[part] > 0 || groups[giving] < 2) continue;
    const group = order.findLast((candidate) => partOf[candidate] === giving)!;
    for (const [other, sign] of [[giving, -1], [part, 1]]) {
      rows[other] += sign * sizes[group];
      groups[other] += sign;
    }
    partOf[group] = part;
  }
}
