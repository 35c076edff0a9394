/**
 * Fitting a model's calibration to labeled rows.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { formatText } from "../data/format.ts";
import { type Calibration, shifted, type SliceShifts, type TaskCalibration } from "./calibration.ts";
import { type CalibrationCurve, probabilityOf, sigmoid } from "./curve.ts";
import { fitIsotonic, fitLogistic, type Observations } from "./fit.ts";

/** How logits become probabilities: see {@linkcode CalibrateOptions.method}. */
export type CalibrationMethod = "platt" | "temperature" | "isotonic";

/** Options of `Model.calibrate`. */
export interface CalibrateOptions {
  /**
   * `"platt"` fits slope and shift of the log-odds, `"temperature"` the slope alone, and `"isotonic"` a rising curve of
   * straight lines, which wants some thousand rows of each class. Only an isotonic curve can make unequal scores equal.
   *
   * @default {"platt"}
   */
  readonly method?: CalibrationMethod;
  /**
   * Field whose values get a shift s of their log-odds besides, the s that makes the sum of the log loss of the value's
   * rows and s^2 / 2 the least; unseen and missing values are such values, too.
   */
  readonly by?: string;
  /** Rows that a value must have for a shift. @default {100} */
  readonly minRows?: number;
}

/** Newton steps for a shift; the function is convex, and its start close to its end. */
const STEPS = 30;

/**
 * Fits calibrations of all labels.
 *
 * @param data labeled rows that the model was not trained on
 * @param logits `[rows, T]`
 * @throws {RangeError} when a label has one class, or logits tell it apart without a mistake; when there is no such method
 * or field, or `minRows` is no positive integer
 */
export function calibrate(data: Dataset, logits: Float32Array, options: CalibrateOptions = {}): Calibration {
  const { method = "platt", by, minRows = 100 } = options;
  const { tasks, fields } = data.schema;
  const field = by === undefined ? -1 : fields.findIndex(({ name }) => name === by);
  if (by !== undefined && field < 0) {
    const names = fields.map(({ name }) => name).join(", ");
    throw new RangeError(`Cannot calibrate: by must be one of the fields ${names}, received ${formatText(by)}`);
  }
  if (!(Number.isInteger(minRows) && minRows > 0)) {
    throw new RangeError(`Cannot calibrate: minRows must be a positive integer, received ${minRows}`);
  }
  return Object.fromEntries(tasks.map((name, task): [string, TaskCalibration] => {
    const labels = data.labelsOf(task);
    const known = Array.from(labels.keys()).filter((row) => labels[row] >= 0);
    const z = Float64Array.from(known, (row) => logits[row * tasks.length + task]);
    const y = Float64Array.from(known, (row) => labels[row]);
    const w = Float64Array.from(known, (row) => data.weights?.[row] ?? 1);
    const curve = fitCurve(method, { x: z, labels: y, weights: w });
    if (field < 0) return [name, { curve }];
    const p = z.map((logit) => probabilityOf(curve, logit));
    const ids = Uint32Array.from(known, (row) => data.ids[field * data.rows + row]);
    return [name, { curve, slices: fitSlices(by!, { p, y, w, ids }, minRows) }];
  }));
}

/**
 * Returns what corrects probabilities of a model that is trained on rows of which negative ones were left out:
 * ln(q / (1 - q)) = z + ln w where a share w of them stayed; undefined where all did.
 *
 * @param taken share of the data's negative rows that an epoch of the training takes
 */
export function correctionFor({ schema, negativeRate }: Dataset, taken = 1): Calibration | undefined {
  const share = taken * negativeRate;
  if (share === 1) return undefined;
  return { [schema.tasks[0]]: { curve: { kind: "logistic", slope: 1, shift: Math.log(share) } } };
}

function fitCurve(method: CalibrationMethod, rows: Observations): CalibrationCurve {
  switch (method) {
    case "platt":
      return fitLogistic(rows);
    case "temperature":
      return fitLogistic(rows, { shift: 0 });
    case "isotonic":
      return fitIsotonic({ ...rows, x: Array.from(rows.x, sigmoid) });
    default:
      throw new RangeError(
        `Cannot calibrate: method must be platt, temperature or isotonic, received ${formatText(String(method))}`,
      );
  }
}

function fitSlices(
  field: string,
  { p, y, w, ids }: Record<"p" | "y" | "w", Float64Array> & { ids: Uint32Array },
  minRows: number,
): SliceShifts {
  const places = new Map<number, number[]>();
  ids.forEach((id, i) => {
    const own = places.get(id);
    if (own) own.push(i);
    else places.set(id, [i]);
  });
  const rows = [...places.keys()].filter((id) => places.get(id)!.length >= minRows).sort((a, b) => a - b);
  const shifts = rows.map((id) => fitShift(places.get(id)!.map((i) => [p[i], y[i], w[i]])));
  return { field, rows, shifts };
}

/** Returns the s that makes the log loss of probabilities shifted by s, and s^2 / 2, the least. */
function fitShift(rows: readonly (readonly [p: number, y: number, w: number])[]): number {
  let shift = 0;
  for (let step = 0; step < STEPS; step++) {
    let [gradient, curvature] = [shift, 1];
    for (const [p, y, w] of rows) {
      const moved = shifted(p, shift);
      gradient += w * (moved - y);
      curvature += w * moved * (1 - moved);
    }
    shift -= gradient / curvature;
  }
  return shift;
}
