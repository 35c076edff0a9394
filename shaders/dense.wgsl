// Gradient of a dense layer by the argument z of its activation.
//   y = mask act(z), mask in {0, 1 / (1 - rate)}:   dz[i] = dy[i] mask act'(z), with act' from y alone
// Shapes: all [n], f32. Grid: one invocation per element. Memory: 12 bytes per element; the mask is hashed again.
struct Params { size: u32, rows: u32, n: u32 }
@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> dz: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@group(0) @binding(4) var<storage, read> x: array<f32>;
@group(0) @binding(5) var<storage, read_write> sum: array<f32>;

@compute @workgroup_size(256)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  if (ACTIVATION == 1u) {
    // A positive output was neither cut off nor dropped.
    dz[i] = select(0.0, dy[i] / (1.0 - DROPOUT), y[i] > 0.0);
    return;
  }
  dz[i] = dy[i] * dropout_scale(i) * activation_slope(y[i] * (1.0 - DROPOUT));
}

@compute @workgroup_size(64)
fn column_sum(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.n) { return; }
  var total = 0.0;
  for (var row = 0u; row < params.rows; row++) { total += x[row * params.n + id.x]; }
  sum[id.x] = total;
}
