// Sums along the field axis. A sample has G groups of F fields each; before, after and center have one group.
//   sum      y[b, g, :]    = factor sum_f x[b, g, f, :]
//   repeat   y[b, g, f, :] = factor x[b, g, :]; sum and repeat are the gradients of each other
//   shift    y[b, g, f, :] = row[b, g, :] + x[b, g, f, :]
//   before   y[b, f, :]    = sum_{i<f} x[b, i, :];  after  y[b, f, :] = sum_{i>f} x[b, i, :], its gradient
//   center   y[b, f, :]    = x[b, f, :] - mean_i x[b, i, :], which is its own gradient
// Shapes: [B, G, F, D] and [B, G, D], in lanes of D; f32.
// Grid: repeat and shift one invocation per lane of y; the others one per (b, g, lane of D). Fixed order, no atomics.
const LANES: u32 = 4u;  // lanes of D

struct Params { groups: u32, fields: u32, factor: f32 }  // groups: B G
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read_write> y: array<Lane>;
@group(0) @binding(2) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> row: array<Lane>;

// Place of lane i of all groups in field 0.
fn first_of(i: u32) -> u32 {
  return i / LANES * params.fields * LANES + i % LANES;
}

@compute @workgroup_size(64)
fn sum(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.groups * LANES) { return; }
  let first = first_of(i);
  var s = Lane();
  for (var f = 0u; f < params.fields; f++) { s += x[first + f * LANES]; }
  y[i] = params.factor * s;
}

@compute @workgroup_size(64)
fn repeat(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.groups * params.fields * LANES) { return; }
  y[i] = params.factor * x[i / LANES / params.fields * LANES + i % LANES];
}

@compute @workgroup_size(64)
fn shift(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.groups * params.fields * LANES) { return; }
  y[i] = x[i] + row[i / LANES / params.fields * LANES + i % LANES];
}

@compute @workgroup_size(64)
fn before(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.groups * LANES) { return; }
  let first = first_of(i);
  var s = Lane();
  for (var f = 0u; f < params.fields; f++) {
    y[first + f * LANES] = s;
    s += x[first + f * LANES];
  }
}

@compute @workgroup_size(64)
fn after(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.groups * LANES) { return; }
  let first = first_of(i);
  var s = Lane();
  for (var f = params.fields; f > 0u; f--) {
    y[first + (f - 1u) * LANES] = s;
    s += x[first + (f - 1u) * LANES];
  }
}

@compute @workgroup_size(64)
fn center(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.groups * LANES) { return; }
  let first = first_of(i);
  var s = Lane();
  for (var f = 0u; f < params.fields; f++) { s += x[first + f * LANES]; }
  let mean = s / f32(params.fields);
  for (var f = 0u; f < params.fields; f++) { y[first + f * LANES] = x[first + f * LANES] - mean; }
}
