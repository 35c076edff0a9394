/**
 * Predicting rows while further ones are read.
 *
 * @module
 */
import { addCoverage, type FieldCoverage } from "../data/coverage.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Model } from "../model.ts";
import type { PredictOptions } from "../model/options.ts";
import { PredictionError } from "../model/requirements.ts";
import { encodeParquet } from "./prediction_parquet.ts";
import {
  nameCurves,
  type NamedColumns,
  nameNumbers,
  nameProbabilities,
  type PredictedFiles,
  type Predictions,
} from "./predictions.ts";

/** Rows of the files with what was predicted for them. */
export interface PredictedPart {
  /** The rows. */
  readonly rows: Predictions;
  /** Numbers of those without fault. */
  readonly predicted: NamedColumns;
}

/** Reasons of rows left out that are told. */
const REMEMBERED = 20;

/** What is told of all parts once they are read. */
export class PartTotals {
  /** Rows predicted. */
  rows = 0;
  /** Malformed rows. */
  skipped = 0;
  /** Rows without a label: predicting needs none. */
  readonly missingLabels = 0;
  /** File, line and reason of the first malformed rows. */
  skippedReasons: readonly string[] = [];
  /** How much of the rows the schema knows. */
  coverage: readonly FieldCoverage[] | undefined;

  /** Adds a part. */
  add({ rows, skipped, skippedReasons, coverage }: Dataset): void {
    this.rows += rows;
    this.skipped += skipped;
    this.skippedReasons = [...this.skippedReasons, ...skippedReasons].slice(0, REMEMBERED);
    this.coverage = this.coverage && coverage ? addCoverage(this.coverage, coverage) : coverage;
  }
}

/**
 * Predicts the rows of each part while the next part is read.
 *
 * @param files the watcher of the parts
 * @throws {RangeError} when a prediction is not finite; it names file and line of the first such row
 */
export async function* predictParts(
  model: Model,
  parts: AsyncGenerator<Dataset>,
  files: PredictedFiles,
  how: PredictOptions,
  totals: PartTotals,
): AsyncGenerator<PredictedPart> {
  let next = parts.next();
  try {
    for (;;) {
      const { value: data, done } = await next;
      if (done) return;
      const rows = files.take();
      totals.add(data);
      next = parts.next();
      // Its error is thrown where it is awaited, unless a prediction fails before.
      next.catch(() => {});
      yield { rows, predicted: await predictPart(model, data, rows, how) };
    }
  } finally {
    await parts.return(undefined);
  }
}

async function predictPart(
  model: Model,
  data: Dataset,
  rows: Predictions,
  how: PredictOptions,
): Promise<NamedColumns> {
  try {
    if (model.schema.survival) return nameCurves(await model.predictSurvival(data, how));
    return (model.schema.real ? nameNumbers : nameProbabilities)(await model.predictTasks(data, how));
  } catch (error) {
    throw error instanceof PredictionError ? rows.located(error) : error;
  }
}

/** Writes parts as a CSV file. */
export async function* formatParts(parts: AsyncIterable<PredictedPart>): AsyncGenerator<string> {
  let isFirst = true;
  for await (const { rows, predicted } of parts) {
    if (isFirst) yield rows.formatHeader(predicted);
    isFirst = false;
    yield* rows.format(predicted);
  }
}

/** Writes parts as a Parquet file. */
export async function* encodeParts(parts: AsyncIterable<PredictedPart>): AsyncGenerator<Uint8Array> {
  async function* tabulated() {
    for await (const { rows, predicted } of parts) yield rows.tabulate(predicted);
  }
  yield* encodeParquet(tabulated());
}
