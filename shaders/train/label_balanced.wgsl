// Cross-entropy in which positive labels count POSITIVE_WEIGHT times: l = -(w y ln p + (1 - y) ln(1 - p)), p = sigmoid(z),
// e = exp(-|z|). Returns (l, dl/dz).
const POSITIVE_WEIGHT: f32 = 1.0;

fn label_loss(z: f32, y: f32, e: f32) -> vec2f {
  let tail = e / (1.0 + e);
  let head = 1.0 / (1.0 + e);
  let positive = select(tail, head, z >= 0.0);
  let negative = select(head, tail, z >= 0.0);
  let log1p = log1p_unit(e);
  let loss = POSITIVE_WEIGHT * y * (max(-z, 0.0) + log1p) + (1.0 - y) * (max(z, 0.0) + log1p);
  return vec2f(loss, (1.0 - y) * positive - POSITIVE_WEIGHT * y * negative);
}
