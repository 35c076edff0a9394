// Activations, and their slopes as functions of the output.
override ACTIVATION: u32 = 0u;  // 0 none, 1 relu, 2 sigmoid, 3 tanh, 4 leaky relu of slope 0.01

fn activate(z: f32) -> f32 {
  if (ACTIVATION == 1u) { return max(z, 0.0); }
  if (ACTIVATION == 2u) { return 1.0 / (1.0 + exp(-z)); }
  if (ACTIVATION == 3u) { return tanh(z); }
  if (ACTIVATION == 4u) { return max(z, 0.01 * z); }
  return z;
}

fn activation_slope(y: f32) -> f32 {
  if (ACTIVATION == 1u) { return select(0.0, 1.0, y > 0.0); }
  if (ACTIVATION == 2u) { return y * (1.0 - y); }
  if (ACTIVATION == 3u) { return 1.0 - y * y; }
  if (ACTIVATION == 4u) { return select(0.01, 1.0, y > 0.0); }
  return 1.0;
}
