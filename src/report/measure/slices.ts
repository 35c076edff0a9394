/**
 * Metrics by the values of a field.
 *
 * @module
 */
import { rateInterval, type RowColumn } from "../../metrics.ts";
import { sliceRows } from "../../metrics/slices.ts";
import { type IntervalOptions, type MeasuredMetric, metricsOf, type Predictions } from "./predictions.ts";

/** Rows of one value of a field. */
export interface Slice {
  /** The value, a range of numbers, or what stands for others. */
  readonly value: string;
  /** Rows whose label is known. */
  readonly rows: number;
  /** Those with label 1. */
  readonly positives: number;
  /** Mean probability. */
  readonly predicted: number;
  /** Share of positives. */
  readonly observed: number;
  /** Ends of its 95 % interval by Wilson's score. */
  readonly interval: readonly [low: number, high: number];
  /** Metrics of these rows. */
  readonly metrics: readonly MeasuredMetric[];
}

/** The rows of a label by the values of a field. */
export interface FieldSlices {
  /** The label. */
  readonly task: string;
  /** The field. */
  readonly field: string;
  /** Slices of most rows first; numbers and ranges in their order. */
  readonly slices: readonly Slice[];
}

/**
 * Measures the predictions of a label by the values of a column.
 *
 * @param task the label
 * @param field name of the column
 * @param what its values, the places of rows whose slices have an order, such as buckets, predictions of all rows, and how
 * intervals are computed; labels below 0 are left out
 */
export function sliceBy(
  task: string,
  field: string,
  { column, places, predictions, ...options }: IntervalOptions & {
    readonly column: RowColumn;
    readonly places?: ArrayLike<number>;
    readonly predictions: Predictions;
  },
): FieldSlices {
  const known: number[] = [];
  for (let row = 0; row < column.length; row++) if (predictions.labels[row] >= 0) known.push(row);
  const found = sliceRows(known.map((row) => column[row])).map(({ value, rows }) => {
    return { value, rows: rows.map((place) => known[place]) };
  });
  if (places) found.sort((a, b) => places[a.rows[0]] - places[b.rows[0]]);
  return { task, field, slices: found.map(({ value, rows }) => measureSlice(value, rows, predictions, options)) };
}

function measureSlice(
  value: string,
  rows: readonly number[],
  predictions: Predictions,
  options: IntervalOptions,
): Slice {
  const take = (values: Float32Array): Float32Array => Float32Array.from(rows, (row) => values[row]);
  const [probabilities, labels] = [take(predictions.probabilities), take(predictions.labels)];
  const weights = predictions.weights && take(predictions.weights);
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const mean = (values: Float32Array): number => {
    let [sum, total] = [0, 0];
    values.forEach((value, i) => {
      const weight = weights?.[i] ?? 1;
      sum += weight * value;
      total += weight;
    });
    return total === 0 ? 0 : sum / total;
  };
  const observed = mean(labels);
  return {
    value,
    rows: rows.length,
    positives,
    predicted: mean(probabilities),
    observed,
    interval: rateInterval(observed * rows.length, rows.length),
    metrics: metricsOf({ probabilities, labels, weights }, options),
  };
}
