/**
 * Fitting of calibration curves to labels.
 *
 * @module
 */
import { type IsotonicCurve, type LogisticCurve, sigmoid } from "./curve.ts";

/** Logits beside their labels. */
export interface Observations {
  /** Logits, or probabilities where isotonic curves are fitted, `[rows]`. */
  readonly x: ArrayLike<number>;
  /** Labels in [0, 1], `[rows]`. */
  readonly labels: ArrayLike<number>;
  /** Weights, `[rows]`. @default 1 each */
  readonly weights?: ArrayLike<number>;
}

/** Newton steps at most; fits of real rows need about ten. */
const MOST_STEPS = 200;

/** Halvings of a Newton step that overshoots, at most. */
const MOST_HALVINGS = 60;

/**
 * Fits p = sigmoid(slope z + shift) by maximum likelihood, without targets between 0 and 1 (Platt 1999 smooths them).
 *
 * @param fixed what is not fitted: a temperature has shift 0, a correction for the rate has slope 1
 * @throws {RangeError} when the labels are of one class, or the logits tell them apart without a mistake: no curve is then
 * steep enough
 */
export function fitLogistic(
  observations: Observations,
  fixed: Partial<Omit<LogisticCurve, "kind">> = {},
): LogisticCurve {
  requireOverlap(observations, fixed.slope === undefined);
  const free = [fixed.slope === undefined, fixed.shift === undefined] as const;
  let curve: LogisticCurve = { kind: "logistic", slope: fixed.slope ?? 0, shift: fixed.shift ?? 0 };
  let { loss, gradient, hessian } = momentsOf(observations, curve);
  for (let step = 0; step < MOST_STEPS; step++) {
    const [slope, shift] = newtonStep(gradient, hessian, free);
    const before = curve;
    for (let share = 1, halvings = 0; halvings < MOST_HALVINGS; share /= 2, halvings++) {
      const next = { ...before, slope: before.slope - share * slope, shift: before.shift - share * shift };
      const moments = momentsOf(observations, next);
      if (!(moments.loss < loss)) continue;
      curve = next;
      ({ loss, gradient, hessian } = moments);
      break;
    }
    if (curve === before) return curve;
  }
  return curve;
}

/** Refuses labels that no curve of finite slope fits the best. */
function requireOverlap({ x, labels, weights }: Observations, hasSlope: boolean): void {
  const ends = [[Infinity, -Infinity], [Infinity, -Infinity]];
  for (let i = 0; i < labels.length; i++) {
    if (weights?.[i] === 0) continue;
    for (const label of labels[i] === 0 ? [0] : labels[i] === 1 ? [1] : [0, 1]) {
      ends[label] = [Math.min(ends[label][0], x[i]), Math.max(ends[label][1], x[i])];
    }
  }
  const [[low0, high0], [low1, high1]] = ends;
  if (low0 === Infinity || low1 === Infinity) {
    throw new RangeError(
      `Cannot calibrate: labels must be of both classes, received ${low0 === Infinity ? 1 : 0} alone`,
    );
  }
  if (!hasSlope || (low1 <= high0 && low0 <= high1)) return;
  throw new RangeError(
    `Cannot calibrate: logits must not tell all labels apart, received ${labels.length} rows where they do`,
  );
}

/** Sums of the log loss, its gradient by slope and shift, and its second derivatives. */
function momentsOf(
  { x, labels, weights }: Observations,
  { slope, shift }: LogisticCurve,
): { loss: number; gradient: [number, number]; hessian: [number, number, number] } {
  let [loss, bySlope, byShift, slopes, both, shifts] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < labels.length; i++) {
    const [z, w] = [slope * x[i] + shift, weights?.[i] ?? 1];
    const p = sigmoid(z);
    const [error, curvature] = [w * (p - labels[i]), w * p * (1 - p)];
    loss += w * (Math.max(z, 0) - z * labels[i] + Math.log1p(Math.exp(-Math.abs(z))));
    bySlope += error * x[i];
    byShift += error;
    slopes += curvature * x[i] * x[i];
    both += curvature * x[i];
    shifts += curvature;
  }
  return { loss, gradient: [bySlope, byShift], hessian: [slopes, both, shifts] };
}

function newtonStep(
  [bySlope, byShift]: readonly [number, number],
  [slopes, both, shifts]: readonly [number, number, number],
  [fitsSlope, fitsShift]: readonly [boolean, boolean],
): [number, number] {
  if (!fitsShift) return [fitsSlope ? bySlope / Math.max(slopes, 1e-300) : 0, 0];
  if (!fitsSlope) return [0, byShift / Math.max(shifts, 1e-300)];
  const determinant = slopes * shifts - both * both;
  // Rows of one logit have a shift, but no slope.
  if (!(determinant > 1e-12 * slopes * shifts)) return [0, byShift / Math.max(shifts, 1e-300)];
  return [(shifts * bySlope - both * byShift) / determinant, (slopes * byShift - both * bySlope) / determinant];
}

/**
 * Fits the rising curve of the least squared error: rows of equal x are merged, then neighbors that fall are pooled.
 *
 * Zadrozny, Elkan: Transforming Classifier Scores into Accurate Multiclass Probability Estimates. KDD 2002.
 */
export function fitIsotonic({ x, labels, weights }: Observations): IsotonicCurve {
  const order = Array.from({ length: labels.length }, (_, i) => i).sort((a, b) => x[a] - x[b] || a - b);
  const points: { x: number; sum: number; weight: number }[] = [];
  for (const i of order) {
    const w = weights?.[i] ?? 1;
    if (w === 0) continue;
    const last = points[points.length - 1];
    if (last?.x === x[i]) {
      last.sum += w * labels[i];
      last.weight += w;
    } else points.push({ x: x[i], sum: w * labels[i], weight: w });
  }
  const blocks: { sum: number; weight: number; points: number }[] = [];
  for (const { sum, weight } of points) {
    let block = { sum, weight, points: 1 };
    for (let last = blocks[blocks.length - 1]; last && last.sum * block.weight >= block.sum * last.weight;) {
      block = { sum: last.sum + block.sum, weight: last.weight + block.weight, points: last.points + block.points };
      blocks.pop();
      last = blocks[blocks.length - 1];
    }
    blocks.push(block);
  }
  const y = blocks.flatMap(({ sum, weight, points }) => Array<number>(points).fill(sum / weight));
  // Within a level stretch its ends say all.
  const kept = points.map((_, i) => i).filter((i) =>
    i === 0 || i === points.length - 1 || y[i] !== y[i - 1] || y[i] !== y[i + 1]
  );
  return { kind: "isotonic", x: kept.map((i) => points[i].x), y: kept.map((i) => y[i]) };
}
