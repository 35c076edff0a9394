// The factorized interaction of FinalNet (Zhu et al., SIGIR 2023, equation 4): z = [h, g], halves of a row.
//   join           y = [h, g h]
//   join_gradient  dh = dy_1 + dy_2 g;  dg = dy_2 h
//   fold           y = h + g h
//   fold_gradient  dh = dy (1 + g);  dg = dy h
// Shapes: z, dz [B, 2 W]; join y, dy [B, 2 W]; fold y, dy [B, W]; f32 in lanes, W lanes in a half.
// Grid: one invocation per lane of a half.
struct Params { batch: u32, half_lanes: u32 }
@group(0) @binding(0) var<storage, read> z: array<Lane>;
@group(0) @binding(1) var<storage, read> dy: array<Lane>;
@group(0) @binding(2) var<storage, read_write> y: array<Lane>;  // dz in gradients
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn join(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let b = i / params.half_lanes;
  if (b >= params.batch) { return; }
  let at = i + b * params.half_lanes;
  let h = z[at];
  y[at] = h;
  y[at + params.half_lanes] = z[at + params.half_lanes] * h;
}

@compute @workgroup_size(64)
fn join_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let b = i / params.half_lanes;
  if (b >= params.batch) { return; }
  let at = i + b * params.half_lanes;
  let upstream = dy[at + params.half_lanes];
  y[at] = dy[at] + upstream * z[at + params.half_lanes];
  y[at + params.half_lanes] = upstream * z[at];
}

@compute @workgroup_size(64)
fn fold(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let b = i / params.half_lanes;
  if (b >= params.batch) { return; }
  let at = i + b * params.half_lanes;
  y[i] = z[at] + z[at + params.half_lanes] * z[at];
}

@compute @workgroup_size(64)
fn fold_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let b = i / params.half_lanes;
  if (b >= params.batch) { return; }
  let at = i + b * params.half_lanes;
  y[at] = dy[i] + dy[i] * z[at + params.half_lanes];
  y[at + params.half_lanes] = dy[i] * z[at];
}
