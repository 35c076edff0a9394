// Focal loss: l = a q^GAMMA c, with the cross-entropy c = max(z, 0) - z y + ln(1 + e), e = exp(-|z|), what a probability
// p = sigmoid(z) lacks, q = p (1 - y) + (1 - p) y, and a = ALPHA y + (1 - ALPHA)(1 - y), or 1 where ALPHA is negative.
//   dl/dz = a (q^GAMMA (p - y) - GAMMA q^(GAMMA - 1) p (1 - p) (2 y - 1) c)
// Returns (l, dl/dz).
const GAMMA: f32 = 2.0;
const ALPHA: f32 = 0.25;

// Least q that is divided by; with a q of 0, its power is 0 as well.
const LEAST: f32 = 1e-30;

fn label_loss(z: f32, y: f32, e: f32) -> vec2f {
  let tail = e / (1.0 + e);
  let head = 1.0 / (1.0 + e);
  let positive = select(tail, head, z >= 0.0);
  let negative = select(head, tail, z >= 0.0);
  let entropy = max(z, 0.0) - z * y + log1p_unit(e);
  let lacking = positive * (1.0 - y) + negative * y;
  let share = select(1.0, ALPHA * y + (1.0 - ALPHA) * (1.0 - y), ALPHA >= 0.0);
  let modulation = select(1.0, pow(lacking, GAMMA), GAMMA > 0.0);
  let plain = select(tail - y, (1.0 - y) - tail, z >= 0.0);
  let change = GAMMA * modulation * (positive * negative / max(lacking, LEAST)) * (2.0 * y - 1.0);
  return share * vec2f(modulation * entropy, modulation * plain - change * entropy);
}
