/** Histories of golden cases: padded lists of rows become lists without padding. */
import type { Histories } from "../src/data/histories.ts";
import type { SequenceFit } from "../src/data/fitted_sequence.ts";
import { FittedSchema } from "../src/data/fitted_schema.ts";
import { type Combiner, sequence } from "../src/data/schema.ts";

/** Lists of a batch; row 0 is padding. */
export interface GoldenLists {
  /** Rows of the table of field 1. */
  hist?: number[][];
  /** Rows of the table of field 2. */
  cate?: number[][];
  /** Rows of the tables of fields 1 and 2 that stand for items which were not clicked. */
  neg_hist?: number[][];
  neg_cate?: number[][];
  /** Rows of a table of their own, which comes after those of the fields. */
  multi?: number[][];
}

/** Adds the sequences of a case to the schema of its fields. */
export function withSequences(
  schema: FittedSchema,
  { hist, cate, neg_hist, neg_cate, multi }: GoldenLists,
  { multi_vocab = 0, combiner }: { multi_vocab?: number; combiner?: Combiner },
): FittedSchema {
  const lengthOf = (lists: number[][]) => Math.max(...lists.map((list) => list.length));
  const sequences: SequenceFit[] = [];
  if (hist) sequences.push({ feature: sequence("hist", { of: "f1", maxLength: lengthOf(hist) }) });
  if (cate) sequences.push({ feature: sequence("cate", { of: "f2", along: "hist", maxLength: lengthOf(cate) }) });
  const along = "hist";
  if (neg_hist) sequences.push({ feature: sequence("neg_hist", { of: "f1", along, maxLength: lengthOf(neg_hist) }) });
  if (neg_cate) sequences.push({ feature: sequence("neg_cate", { of: "f2", along, maxLength: lengthOf(neg_cate) }) });
  if (multi) {
    const own = Array.from({ length: multi_vocab - 1 }, (_, i) => String(i + 1));
    sequences.push({ feature: sequence("multi", { combiner, maxLength: lengthOf(multi) }), own });
  }
  const { label, labels, missing, fields } = schema;
  return new FittedSchema({ declared: { label, labels }, missing, fields, sequences });
}

/** Returns the lists of rows, without their padding, in the row space of a schema. */
export function historiesOf(schema: FittedSchema, rows: readonly GoldenLists[]): Histories[] {
  const lists = rows.flatMap(({ hist, cate, neg_hist, neg_cate, multi }) =>
    Array.from({ length: (hist ?? multi ?? []).length }, (_, b) => ({
      hist: hist?.[b],
      cate: cate?.[b],
      neg_hist: neg_hist?.[b],
      neg_cate: neg_cate?.[b],
      multi: multi?.[b],
    }))
  );
  return schema.histories.map(({ sequences }) => {
    const names = sequences.map(({ name }) => name as keyof GoldenLists);
    const offsets = Uint32Array.from([0, ...lists.map((row) => row[names[0]]!.filter(Boolean).length)]);
    for (let i = 1; i < offsets.length; i++) offsets[i] += offsets[i - 1];
    const ids = lists.flatMap((row) =>
      row[names[0]]!.flatMap((first, t) =>
        first === 0 ? [] : names.map((name, m) => sequences[m].offset + row[name]![t])
      )
    );
    return { offsets, ids: Uint32Array.from(ids) };
  });
}
