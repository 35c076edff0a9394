/**
 * Statistics of training that a model's file carries, for served rows to be compared with.
 *
 * @module
 */
import type { Json } from "../checkpoint/content.ts";
import type { Dataset } from "../data/dataset.ts";
import type { FittedSchema } from "../data/fitted_schema.ts";
import { fieldBins, presentNumbers, quantileEdges, rangeOf } from "./bins.ts";

/** How often the values of a field fell into its bins: missing, unseen, and then values. */
export interface FieldStatistics {
  /** Name of the field or sequence. */
  readonly name: string;
  /** Ascending edges between the ranges of a numeric field, of numbers as the model reads them. */
  readonly edges?: readonly number[];
  /** Counts by bin: missing values, unseen values, the most frequent values or the ranges, and all others. */
  readonly counts: readonly number[];
}

/** Histogram of the scores of a task. */
export interface ScoreStatistics {
  /** Ascending edges between the bins; a score that equals one is above it. */
  readonly edges: readonly number[];
  /** Counts by bin, one more than edges. */
  readonly counts: readonly number[];
}

/** What is known of the rows that a model was trained on. */
export interface TrainingStatistics {
  /** Rows of the training data. */
  readonly rows: number;
  /** Share of label 1 among the known labels of each task; null where none is known. */
  readonly labelRates: readonly (number | null)[];
  /** Latest time of the training data, where the schema names a column of times. */
  readonly latest?: number;
  /** Which rows the histograms are of: those of the validation data where there were some. */
  readonly sampleOf: "validation" | "training";
  /** Rows that the histograms are of, evenly spaced. */
  readonly sampleRows: number;
  /** Histograms of fields, and then of sequences. */
  readonly fields: readonly FieldStatistics[];
  /** Histograms of scores by task; absent in checkpoints of a training that goes on, and where scores are no numbers. */
  readonly scores?: readonly ScoreStatistics[];
}

/** Counts the values of each field and sequence of a data set. */
export function countFields(data: Dataset): FieldStatistics[] {
  const edges = data.schema.fields.map((field, f) =>
    field.kind === "numeric" ? quantileEdges(presentNumbers(data, f, field)) : undefined
  );
  return fieldBins(data.schema, (f) => edges[f]!).map(({ name, length, count }, f) => {
    const counts = new Uint32Array(length);
    count(data, counts, 0, data.rows);
    return { name, ...(edges[f] && { edges: edges[f] }), counts: [...counts] };
  });
}

/** Counts scores in ranges of about equally many. */
export function countScores(scores: Float32Array): ScoreStatistics {
  const edges = quantileEdges(scores.slice());
  const counts = new Array<number>(edges.length + 1).fill(0);
  for (const score of scores) counts[rangeOf(edges, score)]++;
  return { edges, counts };
}

/**
 * Reads statistics from the header of a model's file.
 *
 * @throws {TypeError} when they are not those of the schema's fields and tasks
 */
export function parseTrainingStatistics(json: Json, schema: FittedSchema): TrainingStatistics {
  const statistics = json as unknown as TrainingStatistics;
  const { rows, sampleRows, labelRates, fields, scores } = statistics ?? {};
  const areCounts = (counts: unknown, length: number) =>
    isList(counts) && counts.length === length && counts.every((count) => Number.isSafeInteger(count) && count >= 0);
  const areEdges = (edges: unknown) => isList(edges) && edges.every((edge) => Number.isFinite(edge));
  const isScores = (score: ScoreStatistics) =>
    areEdges(score?.edges) && areCounts(score.counts, score.edges.length + 1);
  const areFields = isList(fields) && fields.every((field) => field?.edges === undefined || areEdges(field.edges)) &&
    schema.fields.every(({ kind }, f) => kind !== "numeric" || fields[f]?.edges !== undefined);
  const bins = areFields ? fieldBins(schema, (f) => fields[f].edges!) : [];
  const isWhole = Number.isSafeInteger(rows) && Number.isSafeInteger(sampleRows) && areFields &&
    isList(labelRates) && labelRates.length === schema.tasks.length && fields.length === bins.length &&
    fields.every(({ name, counts }, i) => name === bins[i].name && areCounts(counts, bins[i].length)) &&
    (scores === undefined || (isList(scores) && scores.length === schema.tasks.length && scores.every(isScores)));
  if (isWhole) return statistics;
  throw new TypeError("Cannot read statistics of training: they must be of the schema's fields and tasks");
}

function isList(value: unknown): value is readonly number[] {
  return Array.isArray(value);
}
