// One field picked out of the occurrences of a batch, in a row space of its own.
//   selected_ids[place, b]    = ids[field, b] + shift (modulo 2^32);  0 in padding rows
//   selected_values[place, b] = values[field, b]
// Shapes: ids, values [F, B]; selected_* [count, B]. Grid: one invocation per row of the batch.
struct Params { batch: u32, field: u32, place: u32, shift: u32 }
@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> selected_ids: array<u32>;
@group(0) @binding(3) var<storage, read_write> selected_values: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn select_ids(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b >= params.batch) { return; }
  let id = ids[params.field * params.batch + b] + params.shift;
  selected_ids[params.place * params.batch + b] = select(0u, id, b < step.rows);
}

@compute @workgroup_size(64)
fn select_values(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b >= params.batch) { return; }
  selected_values[params.place * params.batch + b] = values[params.field * params.batch + b];
}
