/**
 * Logs whose clicks depend on a user's history in a known way.
 *
 * @module
 */
import { auc, categorical, Dataset, FittedSchema, sequence, type SequenceFeature } from "../../mod.ts";
import type { Histories } from "../../src/data/mod.ts";
import { randomUnit } from "../../src/data/random.ts";

const CATEGORIES = 12;

/** A row of a log: items by number, the oldest first. */
export interface PlantedRow {
  readonly target: number;
  readonly history: readonly number[];
}

/** Sizes of a log. */
export interface PlantedOptions {
  /** Rows. */
  readonly rows: number;
  /** Seed of the rows and the clicks. */
  readonly seed: number;
  /** Items, a multiple of the categories. @default {60} */
  readonly items?: number;
  /** Most items of a history. @default {10} */
  readonly places?: number;
}

/** Rows with clicks by a rule. */
export interface PlantedLog {
  /** Rows with the history as one list of items with their categories and ages. */
  readonly data: Dataset;
  /** The same rows with the mean of the history as fields: mean embeddings of its items, categories and ages. */
  readonly pooled: Dataset;
  /** Probability of a click of each row. */
  readonly probabilities: Float32Array;
}

const categoryOf = (item: number): number => item % CATEGORIES;

/** Probability of a click by rule. */
export const RULES = {
  item: ({ target, history }: PlantedRow) => history.includes(target) ? 0.8 : 0.1,
  category: ({ target, history }: PlantedRow) => {
    const alike = history.filter((item) => categoryOf(item) === categoryOf(target)).length;
    return [0.05, 0.4, 0.7, 0.9][Math.min(alike, 3)];
  },
  latest: ({ target, history }: PlantedRow) =>
    history.length > 0 && categoryOf(history[history.length - 1]) === categoryOf(target) ? 0.8 : 0.1,
};

/** Name of a rule. */
export type Rule = keyof typeof RULES;

/**
 * Draws a log. A row has a target and up to `places` items before it; half of the targets are like an earlier item, so that
 * both cases are common. An item has a category and an age: 1 is the latest item, and the target's is always 0.
 */
export function plantedLog(rule: Rule, { rows, seed, items = 60, places = 10 }: PlantedOptions): PlantedLog {
  const drawn = Array.from({ length: rows }, (_, row) => drawRow(seed, row, items, places));
  const probabilities = Float32Array.from(drawn, RULES[rule]);
  const labels = probabilities.map((probability, row) => Number(randomUnit(seed, row, 1) < probability));
  const [data, pooled] = [false, true].map((pool) => encode(drawn, labels, { items, places, pool }));
  return { data, pooled, probabilities };
}

/** Returns the AUC of the probabilities themselves on the first `rows` rows: no model has a higher expected one. */
export function bestAuc({ data, probabilities }: PlantedLog, rows: number): number {
  return auc(probabilities.subarray(0, rows), data.labels.subarray(0, rows));
}

function drawRow(seed: number, row: number, items: number, places: number): PlantedRow {
  let drawn = 0;
  const draw = (): number => randomUnit(seed, row, 0, drawn++);
  const integer = (below: number): number => Math.floor(draw() * below);
  const history = Array.from({ length: integer(places + 1) }, () => integer(items));
  if (history.length === 0 || draw() < 0.5) return { target: integer(items), history };
  const like = history[draw() < 0.5 ? history.length - 1 : integer(history.length)];
  const target = draw() < 0.5 ? like : categoryOf(like) + CATEGORIES * integer(items / CATEGORIES);
  return { target, history };
}

interface Encoding {
  readonly items: number;
  readonly places: number;
  /** Whether sequences become fields of mean embeddings. */
  readonly pool: boolean;
}

function schemaOf({ items, places, pool }: Encoding): FittedSchema {
  const field = (name: string, size: number) => ({
    feature: categorical(name),
    missing: false,
    vocabulary: Array.from({ length: size }, (_, i) => String(i)),
  });
  const list = (name: string, of: string, along?: string): { feature: SequenceFeature } => ({
    feature: sequence(name, { of, maxLength: places, ...(pool ? { combiner: "mean" as const } : along && { along }) }),
  });
  return new FittedSchema({
    declared: { label: "click" },
    missing: [""],
    fields: [
      field("item", items),
      field("category", CATEGORIES),
      field("age", places + 1),
    ],
    sequences: [list("items", "item"), list("categories", "category", "items"), list("ages", "age", "items")],
  });
}

function encode(rows: readonly PlantedRow[], labels: Float32Array<ArrayBuffer>, encoding: Encoding): Dataset {
  const schema = schemaOf(encoding);
  // The first row of a field is that of unseen values.
  const rowOf = (field: number, value: number): number => schema.fields[field].offset + 1 + value;
  const cells = (item: number, age: number): number[] => [rowOf(0, item), rowOf(1, categoryOf(item)), rowOf(2, age)];
  const targets = rows.map(({ target }) => cells(target, 0));
  const offsets = new Uint32Array(rows.length + 1);
  rows.forEach(({ history }, row) => offsets[row + 1] = offsets[row] + history.length);
  const events = rows.flatMap(({ history }) => history.map((item, place) => cells(item, history.length - place)));
  const pick = (ids: number[][], field: number): Uint32Array<ArrayBuffer> => Uint32Array.from(ids, (row) => row[field]);
  const histories: Histories[] = encoding.pool
    ? schema.sequences.map((_, field) => ({ offsets, ids: pick(events, field) }))
    : [{ offsets, ids: Uint32Array.from(events.flat()) }];
  const ids = new Uint32Array(rows.length * schema.fields.length);
  schema.fields.forEach((_, field) => ids.set(pick(targets, field), field * rows.length));
  return new Dataset({ schema, rows: rows.length, ids, values: undefined, histories, labels, labeled: true });
}
