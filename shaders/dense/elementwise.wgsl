// Elementwise sums and copy, in lanes.
//   add    y[i] = a[i] + b[i]
//   add3   y[i] = a[i] + b[i] + c[i]
//   add4   y[i] = a[i] + b[i] + c[i] + d[i]
//   copy   y[i] = a[i]
// Shapes: all [n], f32. Grid: one invocation per lane. Memory: each operand once.
struct Params { size: u32 }  // lanes
@group(0) @binding(0) var<storage, read> a: array<Lane>;
@group(0) @binding(1) var<storage, read> b: array<Lane>;
@group(0) @binding(2) var<storage, read> c: array<Lane>;
@group(0) @binding(3) var<storage, read> d: array<Lane>;
@group(0) @binding(4) var<storage, read_write> y: array<Lane>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(256)
fn add(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  y[i] = a[i] + b[i];
}

@compute @workgroup_size(256)
fn add3(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  y[i] = a[i] + b[i] + c[i];
}

@compute @workgroup_size(256)
fn add4(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  y[i] = a[i] + b[i] + c[i] + d[i];
}

@compute @workgroup_size(256)
fn copy(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  y[i] = a[i];
}
