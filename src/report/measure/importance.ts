/**
 * Importance of fields: what a model loses when a field's values are dealt to other rows.
 *
 * @module
 */
import { Dataset } from "../../data/dataset.ts";
import { selectHistories } from "../../data/histories.ts";
import { requireU32, shuffled } from "../../data/random.ts";
import { type Evaluation, METRIC_NAMES } from "../../metrics.ts";
import type { Model } from "../../model.ts";
import { requireCount } from "../../model/requirements.ts";

/** Options of {@linkcode permutationImportance}. */
export interface ImportanceOptions {
  /** Times that each field is permuted. @default {5} */
  repeats?: number;
  /** Most rows that are looked at, drawn at random. @default {10000} */
  maxRows?: number;
  /** Seed of the permutations and the rows. @default {1} */
  seed?: number;
  /** Rows that the device computes at a time. @default {4096} */
  batchSize?: number;
  /** Told after each field. */
  onField?: (field: FieldImportance, done: number, all: number) => void;
}

/** Mean and standard deviation over the repeats. */
export interface Spread {
  /** Mean. */
  readonly mean: number;
  /** Standard deviation, over n - 1; 0 for one repeat. */
  readonly deviation: number;
}

/** What the model loses without a field; null where the rows do not allow the metric. */
export interface FieldImportance {
  /** Name of the field, or of the sequence that others run along. */
  readonly field: string;
  /** AUC as it is, less that of permuted rows. */
  readonly auc: Spread | null;
  /** Log loss of permuted rows, less that as it is. */
  readonly logloss: Spread | null;
}

/** Importance of all fields. */
export interface Importance {
  /** Rows looked at. */
  readonly rows: number;
  /** Times that each field was permuted. */
  readonly repeats: number;
  /** Metrics without permutation; null where the rows do not allow them. */
  readonly baseline: { readonly auc: number | null; readonly logloss: number | null };
  /** The fields, the most important first by AUC, else by log loss. */
  readonly fields: readonly FieldImportance[];
}

/**
 * Measures how much AUC and log loss suffer when the values of one field are dealt to other rows at random (Breiman,
 * Machine Learning 2001; Fisher, Rudin, Dominici, JMLR 2019). Sequences that run along each other are dealt together. Of
 * two fields that say the same, neither looks important. Where there are several labels, metrics are their means.
 *
 * @param model the model
 * @param data labeled rows, best ones that the model was not trained on
 * @throws {TypeError} when the data has another schema or no labels
 * @throws {RangeError} when there are no rows or an option is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adam, categorical, lr, Model, readRows } from "../../../mod.ts";
 *
 * const rows = Array.from({ length: 200 }, (_, i) => ({ click: i % 2, ad: `a${i % 2}`, noise: `n${(i * 7) % 5}` }));
 * const data = readRows(rows, { label: "click", features: [categorical("ad"), categorical("noise")] });
 * await using model = await Model.create(lr(), data.schema, { seed: 1 });
 * await model.fit(data, { epochs: 20, batchSize: 50, optimizer: adam({ lr: 0.1 }) });
 * const { fields } = await permutationImportance(model, data, { repeats: 3 });
 * assert.equal(fields[0].field, "ad");
 * assert(fields[0].auc!.mean > 0.4 && Math.abs(fields[1].auc!.mean) < 0.05);
 * ```
 */
export async function permutationImportance(
  model: Pick<Model, "evaluate">,
  data: Dataset,
  options: ImportanceOptions = {},
): Promise<Importance> {
  const action = "measure importance";
  const repeats = requireCount(action, "repeats", options.repeats ?? 5);
  const maxRows = requireCount(action, "maxRows", options.maxRows ?? 10_000);
  const { seed = 1, batchSize } = options;
  requireU32(action, "seed", seed);
  const sample = data.rows > maxRows ? data.select(shuffled(data.rows, seed).slice(0, maxRows).sort()) : data;
  const baseline = await model.evaluate(sample, { batchSize });
  const known = METRIC_NAMES.concat("concordance").filter((name) => Number.isFinite(valueOf(baseline, name)));
  const places = [...data.schema.fields, ...data.schema.histories].map(({ name }, place) => ({ name, place }));
  const fields: FieldImportance[] = [];
  for (const { name, place } of places) {
    const changes: Record<"auc" | "logloss", number[]> = { auc: [], logloss: [] };
    for (let repeat = 0; repeat < repeats; repeat++) {
      // Each permutation is a function of the seed, the field and the repeat alone.
      const order = shuffled(sample.rows, seed, place * repeats + repeat + 1);
      const { auc, logloss } = await model.evaluate(permuted(sample, place, order), { batchSize });
      changes.auc.push(baseline.auc - auc);
      changes.logloss.push(logloss - baseline.logloss);
    }
    const spread = (metric: "auc" | "logloss") => known.includes(metric) ? spreadOf(changes[metric]) : null;
    fields.push({ field: name, auc: spread("auc"), logloss: spread("logloss") });
    options.onField?.(fields[fields.length - 1], fields.length, places.length);
  }
  const rank = ({ auc, logloss }: FieldImportance): number => auc?.mean ?? logloss?.mean ?? 0;
  return {
    rows: sample.rows,
    repeats,
    baseline: {
      auc: known.includes("auc") ? baseline.auc : null,
      logloss: known.includes("logloss") ? baseline.logloss : null,
    },
    fields: fields.sort((a, b) => rank(b) - rank(a)),
  };
}

function valueOf(evaluation: Evaluation, name: string): number {
  return (evaluation as unknown as Record<string, number>)[name];
}

/** Returns the rows with the values of one field, or of one group of sequences, in another order. */
function permuted(data: Dataset, place: number, order: Uint32Array): Dataset {
  const { schema, rows } = data;
  const group = place - schema.fields.length;
  if (group >= 0) {
    const histories = data.histories.map((lists, i) =>
      i === group ? selectHistories(lists, rows, (row) => order[row]) : lists
    );
    return new Dataset({ ...data, histories });
  }
  const [ids, values] = [data.ids.slice(), data.values?.slice()];
  for (let row = 0; row < rows; row++) {
    ids[place * rows + row] = data.ids[place * rows + order[row]];
    if (values) values[place * rows + row] = data.values![place * rows + order[row]];
  }
  return new Dataset({ ...data, ids, values });
}

function spreadOf(numbers: readonly number[]): Spread {
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const squares = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, deviation: numbers.length > 1 ? Math.sqrt(squares / (numbers.length - 1)) : 0 };
}
