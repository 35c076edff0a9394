/**
 * What turns a model's logits into probabilities that are rates: a curve for each label, and shifts by the values of a
 * field.
 *
 * @module
 */
import type { Json } from "../checkpoint/content.ts";
import type { Dataset } from "../data/dataset.ts";
import { formatValue } from "../data/format.ts";
import type { FittedSchema } from "../data/fitted_schema.ts";
import { type CalibrationCurve, probabilityOf, sigmoid } from "./curve.ts";

/** Shifts of the log-odds by the values of a field. */
export interface SliceShifts {
  /** Name of the field. */
  readonly field: string;
  /** Rows of the field's values in the schema's row space, ascending; values that are not here are not shifted. */
  readonly rows: readonly number[];
  /** What is added to the log-odds of each. */
  readonly shifts: readonly number[];
}

/** Calibration of a label. */
export interface TaskCalibration {
  /** The curve, which comes first. */
  readonly curve: CalibrationCurve;
  /** Shifts by slice. */
  readonly slices?: SliceShifts;
}

/** Calibrations by label; labels that are not here have sigmoid(z). */
export type Calibration = Readonly<Record<string, TaskCalibration>>;

/** What calibration reads of rows. */
export type SlicedRows = Pick<Dataset, "rows" | "ids" | "schema">;

/** A model's calibration, which may change while passes that read it live. */
export class Calibrator {
  #current: Calibration | undefined;
  #shifts = new Map<string, Map<number, number>>();

  /** The calibration; undefined where probabilities are sigmoid(z). */
  get current(): Calibration | undefined {
    return this.#current;
  }

  /** Takes another calibration, or none. */
  set(calibration: Calibration | undefined): void {
    this.#current = calibration;
    this.#shifts = new Map();
    for (const [task, { slices }] of Object.entries(calibration ?? {})) {
      if (slices) this.#shifts.set(task, new Map(slices.rows.map((row, i) => [row, slices.shifts[i]])));
    }
  }

  /**
   * Replaces the probabilities of calibrated labels.
   *
   * @param scores probabilities and logits `[rows, T]`
   * @returns the probabilities, `[rows, T]`
   */
  apply(
    { probabilities, logits }: Record<"probabilities" | "logits", Float32Array<ArrayBuffer>>,
    data: SlicedRows,
  ): Float32Array<ArrayBuffer> {
    const calibration = this.#current;
    if (!calibration) return probabilities;
    const { tasks, fields } = data.schema;
    const calibrated = probabilities.slice();
    tasks.forEach((name, task) => {
      const own = calibration[name];
      if (!own) return;
      const shifts = this.#shifts.get(name);
      const field = own.slices ? fields.findIndex(({ name }) => name === own.slices!.field) : -1;
      for (let row = 0; row < data.rows; row++) {
        const p = probabilityOf(own.curve, logits[row * tasks.length + task]);
        const shift = shifts?.get(data.ids[field * data.rows + row]) ?? 0;
        calibrated[row * tasks.length + task] = shift === 0 ? p : shifted(p, shift);
      }
    });
    return calibrated;
  }
}

/** Adds to the log-odds of a probability; 0 and 1 stay. */
export function shifted(p: number, shift: number): number {
  return p <= 0 || p >= 1 ? p : sigmoid(Math.log(p / (1 - p)) + shift);
}

/**
 * Reads a calibration that a file holds.
 *
 * @throws {SyntaxError} when it is none, or is of labels or a field that the schema does not have
 */
export function parseCalibration(json: Json | undefined, schema: FittedSchema): Calibration | undefined {
  if (json === undefined) return undefined;
  const entries = isRecord(json) ? Object.entries(json) : undefined;
  const isWhole = entries?.every(([task, value]) => schema.tasks.includes(task) && isTaskCalibration(value, schema));
  if (isWhole) return json as unknown as Calibration;
  throw new SyntaxError(
    `Cannot read calibration: it must have curves for labels of ${schema.tasks.join(", ")}, received ${
      formatValue(json)
    }`,
  );
}

function isTaskCalibration(value: unknown, { fields }: FittedSchema): boolean {
  if (!isRecord(value) || !isRecord(value.curve)) return false;
  const { curve: { kind, slope, shift, x, y }, slices } = value as { curve: Record<string, unknown>; slices?: unknown };
  const hasCurve = kind === "logistic"
    ? [slope, shift].every(Number.isFinite)
    : kind === "isotonic" && areNumbers(x) && areNumbers(y) && x.length === y.length && x.length > 0;
  if (!hasCurve || slices === undefined) return hasCurve;
  if (!isRecord(slices)) return false;
  const { field, rows, shifts } = slices;
  return fields.some(({ name }) => name === field) && areNumbers(rows) && areNumbers(shifts) &&
    rows.length === shifts.length;
}

function areNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(Number.isFinite);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
