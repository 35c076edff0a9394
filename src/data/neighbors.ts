/**
 * Missing numbers filled in from rows whose other numbers are near.
 *
 * @module
 */
import type { Column } from "./columns.ts";
import type { FittedField } from "./field_fit.ts";
import { randomU32 } from "./random.ts";
import { fitScale } from "./scaling.ts";
import type { Feature } from "./schema.ts";

/** Rows whose mean stands in for a missing number. */
const NEIGHBORS = 5;

/** Training rows that are kept to look for neighbors in; of more, a sample drawn with this seed. */
const KEPT_ROWS = 1024;
const SEED = 1;

/** What a schema keeps to look for neighbors. */
export interface NeighborsFit {
  /** Names of the numeric fields, in the order of the numbers. */
  readonly fields: readonly string[];
  /** Standard deviation of each field, 1 for a constant. */
  readonly spreads: readonly number[];
  /** Training rows: a number for each field, null where one is missing. */
  readonly rows: readonly (readonly (number | null)[])[];
}

/** Whether a missing number of a feature comes from neighbors. */
export function isFromNeighbors(feature: Feature): boolean {
  return feature.kind === "numeric" && feature.ifMissing === "nearest";
}

/**
 * Refuses a schema in which a number would come from neighbors, and there is no other number to find them by.
 *
 * @throws {RangeError} then
 */
export function requireNeighbors(features: readonly Feature[]): void {
  const wanted = features.find(isFromNeighbors);
  if (!wanted || features.some((feature) => feature.kind === "numeric" && feature.column !== wanted.column)) return;
  throw new RangeError(
    `Cannot read schema: ifMissing nearest of feature "${wanted.name}" needs numbers of another column, received none`,
  );
}

/**
 * Keeps what neighbors are found by: at most 1024 of the training rows, drawn at random but the same each time.
 *
 * @param columns numbers of each field by row, NaN where one is missing
 */
export function fitNeighbors(fields: readonly string[], columns: readonly Float64Array[]): NeighborsFit {
  const scales = columns.map((numbers) => fitScale("standard", numbers));
  const count = columns[0]?.length ?? 0;
  const kept = Array.from({ length: Math.min(KEPT_ROWS, count) }, (_, row) => row);
  for (let row = KEPT_ROWS; row < count; row++) {
    const place = Math.floor(randomU32(SEED, row) / 2 ** 32 * (row + 1));
    if (place < KEPT_ROWS) kept[place] = row;
  }
  const rows = kept.map((row) => columns.map((numbers) => Number.isNaN(numbers[row]) ? null : numbers[row]));
  return { fields, spreads: scales.map(({ spread }) => spread), rows };
}

/**
 * Returns what stands in for the missing numbers of a field: the mean over the 5 nearest kept rows that have one. The
 * distance of two rows is the mean of squared differences, over the other fields of which both have a number, each divided
 * by its standard deviation (as in Troyanskaya et al., Bioinformatics 2001); equal distances go by the order of the rows.
 *
 * @param target place of the field
 * @param columns numbers of each field by row, NaN where one is missing
 * @returns numbers by row, NaN where none is missing or no kept row shares a number with it
 */
export function nearestFills(fit: NeighborsFit, target: number, columns: readonly Float64Array[]): Float64Array {
  const others = fit.rows.filter((row) => row[target] !== null);
  const fills = new Float64Array(columns[target].length).fill(NaN);
  for (let row = 0; row < fills.length; row++) {
    if (!Number.isNaN(columns[target][row])) continue;
    const numbers = columns.map((column) => column[row]);
    const near: { readonly value: number; readonly distance: number }[] = [];
    for (const other of others) {
      const distance = distanceOf(fit.spreads, numbers, other);
      const place = near.findIndex((one) => one.distance > distance);
      if (Number.isNaN(distance) || (place < 0 && near.length === NEIGHBORS)) continue;
      near.splice(place < 0 ? near.length : place, 0, { value: other[target]!, distance });
      if (near.length > NEIGHBORS) near.pop();
    }
    if (near.length > 0) fills[row] = near.reduce((sum, { value }) => sum + value, 0) / near.length;
  }
  return fills;
}

/** Returns the distance of a row and a kept one, NaN where they share no number; the field asked for is missing in the row. */
function distanceOf(spreads: readonly number[], numbers: readonly number[], other: readonly (number | null)[]): number {
  let [sum, shared] = [0, 0];
  for (let f = 0; f < numbers.length; f++) {
    const y = other[f];
    if (y === null || Number.isNaN(numbers[f])) continue;
    sum += ((numbers[f] - y) / spreads[f]) ** 2;
    shared++;
  }
  return sum / shared;
}

/** Hands the columns of a schema's fields what stands in for missing numbers that come from neighbors. */
export function fillFromNeighbors(
  { fields, neighbors }: { readonly fields: readonly FittedField[]; readonly neighbors: NeighborsFit | undefined },
  columns: readonly Pick<Column, "numbers" | "fillIn">[],
): void {
  if (!neighbors) return;
  const places = neighbors.fields.map((name) => fields.findIndex((field) => field.name === name));
  const numbers = places.map((place) => columns[place].numbers!);
  places.forEach((place, target) => {
    if (isFromNeighbors(fields[place].feature)) columns[place].fillIn!(nearestFills(neighbors, target, numbers));
  });
}

/**
 * Reads what a schema's JSON keeps to look for neighbors.
 *
 * @throws {TypeError} when it is something else
 */
export function readNeighbors(json: unknown, features: readonly Feature[]): NeighborsFit | undefined {
  if (!features.some(isFromNeighbors)) return undefined;
  const { fields, spreads, rows } = (json ?? {}) as Record<string, unknown>;
  const names = features.filter(({ kind }) => kind === "numeric").map(({ name }) => name);
  const isList = (list: unknown, holds: (item: unknown) => boolean): list is unknown[] =>
    Array.isArray(list) && list.length === names.length && list.every(holds);
  const isNumber = (item: unknown): boolean => item === null || Number.isFinite(item);
  if (
    !isList(fields, (name) => names.includes(name as string)) || !isList(spreads, (spread) => (spread as number) > 0) ||
    !Array.isArray(rows) || !rows.every((row) => isList(row, isNumber))
  ) {
    throw new TypeError("Cannot read fitted schema: neighbors must have fields, spreads and rows of numbers");
  }
  return { fields, spreads, rows } as unknown as NeighborsFit;
}
