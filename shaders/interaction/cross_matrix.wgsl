// What a matrix cross layer does around its products (Wang et al., WWW 2021, equation 1; gated: CIKM 2023).
//   combine          y = x0 z + x
//   combine_gated    y = x0 z s + x,  s = sigmoid(gate)
//   gradient         dz = dy x0;  dx0 = dy z
//   gradient_gated   dz = dy x0 s;  dx0 = dy z s;  dgate = dy x0 z s (1 - s)
// Shapes: all [B, N], z = x W + b; f32, in lanes. Grid: one invocation per lane. The gradient by x is dy itself.
struct Params { size: u32 }
@group(0) @binding(0) var<storage, read> x0: array<Lane>;
@group(0) @binding(1) var<storage, read> z: array<Lane>;
@group(0) @binding(2) var<storage, read> x: array<Lane>;
@group(0) @binding(3) var<storage, read> gate: array<Lane>;
@group(0) @binding(4) var<storage, read> dy: array<Lane>;
@group(0) @binding(5) var<storage, read_write> y: array<Lane>;
@group(0) @binding(6) var<storage, read_write> dz: array<Lane>;
@group(0) @binding(7) var<storage, read_write> dx0: array<Lane>;
@group(0) @binding(8) var<storage, read_write> dgate: array<Lane>;
@group(0) @binding(9) var<uniform> params: Params;

fn sigmoid(v: Lane) -> Lane {
  return 1.0 / (1.0 + exp(-v));
}

@compute @workgroup_size(64)
fn combine(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.size) { return; }
  y[i] = x0[i] * z[i] + x[i];
}

@compute @workgroup_size(64)
fn combine_gated(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.size) { return; }
  y[i] = x0[i] * z[i] * sigmoid(gate[i]) + x[i];
}

@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.size) { return; }
  dz[i] = dy[i] * x0[i];
  dx0[i] = dy[i] * z[i];
}

@compute @workgroup_size(64)
fn gradient_gated(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.size) { return; }
  let share = sigmoid(gate[i]);
  let upstream = dy[i] * share;
  dz[i] = upstream * x0[i];
  dx0[i] = upstream * z[i];
  dgate[i] = upstream * x0[i] * z[i] * (1.0 - share);
}
