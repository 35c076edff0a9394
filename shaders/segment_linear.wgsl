// Gradient of a sum over fields of a table of width 1, [B, 1]: sum += v dLinear[b].
@group(0) @binding(6) var<storage, read> d_linear: array<f32>;

fn add_linear(b: u32, v: f32) {
  sum[0] += v * d_linear[b];
}
