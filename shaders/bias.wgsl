// A bias per column, and the sum over rows that is its gradient.
//   add_bias     y[b,n] = x[b,n] + b[n]
//   column_sum   y[n]   = sum_b x[b,n]  over valid rows
// Shapes: x, y [B, N]; b [N]; f32.
// Grid: add_bias one invocation per element; column_sum one workgroup per column, lanes stride over rows and their
// partial sums are folded in a fixed tree: bit-reproducible.
struct Params { size: u32, width: u32, batch: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> partial: array<f32, 64>;

@compute @workgroup_size(256)
fn add_bias(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  y[i] = x[i] + b[i % params.width];
}

@compute @workgroup_size(64)
fn column_sum(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let column = linear_group(group, groups);
  let rows = min(step.rows, params.batch);
  var sum = 0.0;
  if (column < params.width) {
    for (var row = lane; row < rows; row += 64u) { sum += x[row * params.width + column]; }
  }
  partial[lane] = sum;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] += partial[lane + half]; }
    workgroupBarrier();
  }
  if (lane == 0u && column < params.width) { y[column] = partial[0]; }
}
