// What becomes of a sum of matmul.wgsl: y = dropout(act(sum + bias)), or the sum itself in slices.
fn store(slice: u32, m: u32, n: u32, sum: f32) {
  if (m >= params.m || n >= params.n) { return; }
  var z = sum;
  if (BIAS) { z += bias[n]; }
  let at = m * params.y_stride + n;
  y[slice * params.y_slice + at] = activate(z) * dropout_scale(at);
}
