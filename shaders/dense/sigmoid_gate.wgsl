// Scales each element by a gate around 1, whose log-odds are given.
//   forward   y = 2 x sigmoid(z)
//   backward  dx = 2 dy sigmoid(z), dz = 2 dy x sigmoid(z) (1 - sigmoid(z))
// Shapes: all [size] in lanes; f32. Grid: one invocation per lane. Memory: each number is read and written once.
struct Params { size: u32 }
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read> z: array<Lane>;
@group(0) @binding(2) var<storage, read> dy: array<Lane>;
@group(0) @binding(3) var<storage, read_write> y: array<Lane>;
@group(0) @binding(4) var<storage, read_write> dx: array<Lane>;
@group(0) @binding(5) var<storage, read_write> dz: array<Lane>;
@group(0) @binding(6) var<uniform> params: Params;

// Returns 1 / (1 + exp(-t)), also where exp(-t) overflows.
fn sigmoid(t: Lane) -> Lane {
  let e = exp(-abs(t));
  return select(e, Lane() + 1.0, t >= Lane()) / (1.0 + e);
}

@compute @workgroup_size(256)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  y[i] = 2.0 * x[i] * sigmoid(z[i]);
}

@compute @workgroup_size(256)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  let open = 2.0 * dy[i] * sigmoid(z[i]);
  dx[i] = open;
  dz[i] = open * x[i] * sigmoid(-z[i]);
}
