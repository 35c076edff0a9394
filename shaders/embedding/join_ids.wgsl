// Copies occurrences behind those of other lookups: joined[first + i] = ids[i], and likewise values.
// Grid: one invocation per number.
struct Params { first: u32, count: u32 }
@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> joined: array<u32>;
@group(0) @binding(3) var<storage, read_write> joined_values: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn join_ids(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i < params.count) { joined[params.first + i] = ids[i]; }
}

@compute @workgroup_size(64)
fn join_values(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i < params.count) { joined_values[params.first + i] = values[i]; }
}

// All values of these occurrences are 1.
@compute @workgroup_size(64)
fn join_ones(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i < params.count) { joined_values[params.first + i] = 1.0; }
}
