// Softmax of rows.
//   forward   y[r, :]  = exp(x[r, :] - max x[r, :]) / sum
//   backward  dx[r, n] = y[r, n] (dy[r, n] - sum_m dy[r, m] y[r, m])
// Shapes: all [rows, width], f32. Grid: one invocation per row, which reads it three times (forward) or twice.
struct Params { rows: u32, width: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_group(group, groups) * 64u + lane;
  if (row >= params.rows) { return; }
  let first = row * params.width;
  var largest = x[first];
  for (var n = 1u; n < params.width; n++) { largest = max(largest, x[first + n]); }
  var sum = 0.0;
  for (var n = 0u; n < params.width; n++) { sum += exp(x[first + n] - largest); }
  for (var n = 0u; n < params.width; n++) { y[first + n] = exp(x[first + n] - largest) / sum; }
}

// x holds the forward's y, and y receives dx.
@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_group(group, groups) * 64u + lane;
  if (row >= params.rows) { return; }
  let first = row * params.width;
  var dot = 0.0;
  for (var n = 0u; n < params.width; n++) { dot += dy[first + n] * x[first + n]; }
  for (var n = 0u; n < params.width; n++) { y[first + n] = x[first + n] * (dy[first + n] - dot); }
}
