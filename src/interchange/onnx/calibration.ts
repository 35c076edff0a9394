/**
 * Calibration in the graph: from logits to probabilities that are rates.
 *
 * @module
 */
import type { SliceShifts, TaskCalibration } from "../../calibration/calibration.ts";
import type { IsotonicCurve } from "../../calibration/curve.ts";
import type { FittedSchema } from "../../data/fitted_schema.ts";
import type { OnnxGraph, Value } from "./graph.ts";

/**
 * Computes the probability of a task, `[B, 1]`, in 64 bits as the model does.
 *
 * @param logit `[B, 1]`
 * @param ids row numbers of all fields, `[F, B]`
 */
export function calibrate(
  g: OnnxGraph,
  logit: Value,
  calibration: TaskCalibration | undefined,
  { schema, ids }: { readonly schema: FittedSchema; readonly ids: Value },
): Value {
  if (!calibration) return g.op("Sigmoid", [logit]);
  const { curve, slices } = calibration;
  const z = g.cast(logit, "double");
  const shift = slices && shiftsOf(g, slices, schema, ids);
  if (curve.kind === "logistic") {
    const line = g.op("Add", [g.op("Mul", [z, double(g, curve.slope)]), double(g, curve.shift)]);
    return g.cast(g.op("Sigmoid", [shift ? g.op("Add", [line, shift]) : line]), "float");
  }
  const p = interpolate(g, curve, g.op("Sigmoid", [z]));
  return g.cast(shift ? shifted(g, p, shift) : p, "float");
}

function double(g: OnnxGraph, value: number): Value {
  return g.constant("double", [value], []);
}

/** Returns what is added to the log-odds of each row, `[B, 1]`. */
function shiftsOf(g: OnnxGraph, { field, rows, shifts }: SliceShifts, { fields }: FittedSchema, ids: Value): Value {
  const f = fields.findIndex(({ name }) => name === field);
  const table = new Array<number>(fields[f].rows).fill(0);
  rows.forEach((row, i) => table[row - fields[f].offset] = shifts[i]);
  const own = g.op("Sub", [g.transpose(g.slice(ids, 0, f, f + 1), 1, 0), g.int(fields[f].offset)]);
  return g.op("Gather", [g.constant("double", table, [table.length]), own], { axis: 0 });
}

/** Follows straight lines between the points of a curve, level past its ends. */
function interpolate(g: OnnxGraph, { x, y }: IsotonicCurve, p: Value): Value {
  const [xs, ys] = [x, y].map((values) => g.constant("double", values, [values.length]));
  const isBelow = g.cast(g.op("LessOrEqual", [xs, p]), "int64");
  const last = g.int(Math.max(x.length - 2, 0));
  const low = g.op("Min", [g.op("Max", [g.op("Sub", [g.sum(isBelow, [1], true), g.int(1)]), g.int(0)]), last]);
  const high = g.op("Min", [g.op("Add", [low, g.int(1)]), g.int(x.length - 1)]);
  const [[x0, x1], [y0, y1]] = [xs, ys].map((values) => [low, high].map((at) => g.op("Gather", [values, at])));
  const width = g.op("Sub", [x1, x0]);
  // A curve of one point is level everywhere.
  const run = g.where(g.op("Greater", [width, double(g, 0)]), width, double(g, 1));
  const share = g.op("Div", [g.op("Sub", [p, x0]), run]);
  const within = g.op("Min", [g.op("Max", [share, double(g, 0)]), double(g, 1)]);
  return g.op("Add", [y0, g.op("Mul", [g.op("Sub", [y1, y0]), within])]);
}

/** Adds to the log-odds of a probability; 0 and 1 stay. */
function shifted(g: OnnxGraph, p: Value, shift: Value): Value {
  const one = double(g, 1);
  const isBetween = g.op("And", [g.op("Greater", [p, double(g, 0)]), g.op("Less", [p, one])]);
  const inner = g.where(isBetween, p, double(g, 0.5));
  const odds = g.op("Log", [g.op("Div", [inner, g.op("Sub", [one, inner])])]);
  return g.where(isBetween, g.op("Sigmoid", [g.op("Add", [odds, shift])]), p);
}
