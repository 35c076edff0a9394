// Squared error of a label: l = (z - y)^2, of the logit itself. Returns (l, dl/dz).
fn label_loss(z: f32, y: f32, e: f32) -> vec2f {
  let error = z - y;
  return vec2f(error * error, 2.0 * error);
}
