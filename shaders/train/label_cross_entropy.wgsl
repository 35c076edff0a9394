// Cross-entropy of a label: l = max(z, 0) - z y + ln(1 + e), with e = exp(-|z|). Returns (l, dl/dz).
fn label_loss(z: f32, y: f32, e: f32) -> vec2f {
  let tail = e / (1.0 + e);
  let gradient = select(tail - y, (1.0 - y) - tail, z >= 0.0);
  return vec2f(max(z, 0.0) - z * y + log1p_unit(e), gradient);
}
