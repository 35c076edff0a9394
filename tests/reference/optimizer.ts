/** Update rules in float64, one weight at a time. */
import type { Optimizer } from "../../src/optimizer.ts";

/** Whether a rule works on a dense parameter, on rows of the batch, or on all rows of a table. */
export type Target = "parameter" | "lazy" | "dense";

/** Updates weight `i` of a row in place; `mean` is the mean of g^2 over the row. */
function updateWeight(
  { optimizer, target, lr, t }: { optimizer: Optimizer; target: Target; lr: number; t: number },
  { w, g, s0, s1 }: { w: number; g: number; s0: number; s1: number },
): { w: number; s0: number; s1: number } {
  const c = optimizer.constants;
  if (optimizer.name === "sgd") {
    const velocity = c.MOMENTUM * s0 + g;
    return { w: w - lr * (c.NESTEROV ? g + c.MOMENTUM * velocity : velocity), s0: velocity, s1 };
  }
  if (optimizer.name === "adagrad" || optimizer.name === "rowwise_adagrad") {
    return { w: w - lr * g / (Math.sqrt(s0 + g * g) + c.EPS), s0: s0 + g * g, s1 };
  }
  if (optimizer.name === "lion") {
    const direction = Math.sign(c.BETA1 * s0 + (1 - c.BETA1) * g);
    return { w: w - lr * (direction + c.DECAY * w), s0: c.BETA2 * s0 + (1 - c.BETA2) * g, s1 };
  }
  if (optimizer.name === "rmsprop") {
    const mean = c.BETA2 * s0 + (1 - c.BETA2) * g * g;
    return { w: w - lr * g / (Math.sqrt(mean) + c.EPS), s0: mean, s1 };
  }
  if (optimizer.name === "adam" || optimizer.name === "adamw") {
    const m = c.BETA1 * s0 + (1 - c.BETA1) * g;
    const v = c.BETA2 * s1 + (1 - c.BETA2) * g * g;
    const bias1 = 1 - c.BETA1 ** t;
    const bias2 = 1 - c.BETA2 ** t;
    const move = target === "lazy"
      ? Math.sqrt(bias2) / bias1 * m / (Math.sqrt(v) + c.EPS)
      : m / bias1 / (Math.sqrt(v / bias2) + c.EPS);
    return { w: w - lr * (c.DECAY ?? 0) * w - lr * move, s0: m, s1: v };
  }
  const n = s0 + g * g;
  const z = s1 + lr / c.LR * g - (Math.sqrt(n) - Math.sqrt(s0)) / c.LR * w;
  const moved = -(z - Math.sign(z) * c.L1) / ((c.BETA + Math.sqrt(n)) / c.LR + c.L2);
  return { w: Math.abs(z) <= c.L1 ? 0 : moved, s0: n, s1: z };
}

/** Updates a layer in place: a row of a table, or a dense parameter as a whole; `hasRatio` is false for vectors. */
export function updateLayer(
  { optimizer, lr, t }: { optimizer: Optimizer; lr: number; t: number },
  w: Float64Array,
  g: Float64Array,
  [s0, s1]: Float64Array[],
  hasRatio: boolean,
): void {
  const { BETA1, BETA2, EPS, DECAY, MIN_NORM } = optimizer.constants;
  const r = w.map((weight, i) => {
    s0[i] = BETA1 * s0[i] + (1 - BETA1) * g[i];
    s1[i] = BETA2 * s1[i] + (1 - BETA2) * g[i] * g[i];
    return s0[i] / (1 - BETA1 ** t) / (Math.sqrt(s1[i] / (1 - BETA2 ** t)) + EPS) + DECAY * weight;
  });
  const [weights, steps] = [w, r].map((x) => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0)));
  const norm = Math.max(weights, MIN_NORM);
  const ratio = hasRatio && norm > 0 && steps > 0 ? norm / steps : 1;
  w.forEach((weight, i) => w[i] = weight - lr * ratio * r[i]);
}

/** Updates one row of a table in place: `states` are of the row's shape, or one number for row-wise rules. */
export function updateRow(
  at: { optimizer: Optimizer; target: Target; lr: number; t: number },
  w: Float64Array,
  g: Float64Array,
  states: Float64Array[],
): void {
  const { optimizer } = at;
  if (optimizer.name === "lamb") return updateLayer(at, w, g, states, w.length > 1);
  if (optimizer.rowSlots > 0) {
    states[0][0] += g.reduce((sum, x) => sum + x * x, 0) / g.length;
    w.forEach((value, i) => w[i] = value - at.lr * g[i] / (Math.sqrt(states[0][0]) + optimizer.constants.EPS));
    return;
  }
  for (let i = 0; i < w.length; i++) {
    const updated = updateWeight(at, { w: w[i], g: g[i], s0: states[0]?.[i] ?? 0, s1: states[1]?.[i] ?? 0 });
    w[i] = updated.w;
    if (states[0]) states[0][i] = updated.s0;
    if (states[1]) states[1][i] = updated.s1;
  }
}
