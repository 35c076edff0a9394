// Fields picked out of the occurrences of a batch, in a row space of their own: a run of them with one distance between
// their places and one shift.
//   selected_ids[place + i, b]    = ids[field + i stride, b] + shift (modulo 2^32); as they are in padding rows
//   selected_values[place + i, b] = values[field + i stride, b]
// Shapes: ids, values [F, B]; selected_* [picks, B]. Grid: one invocation per row of the batch and field of the run.
struct Params { batch: u32, field: u32, stride: u32, place: u32, count: u32, shift: u32 }
@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> selected_ids: array<u32>;
@group(0) @binding(3) var<storage, read_write> selected_values: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// Where an invocation reads and writes, and whether there is anything for it to do.
struct Move { source: u32, place: u32, b: u32, exists: bool }

fn move_of(index: u32) -> Move {
  let i = index / params.batch;
  let b = index % params.batch;
  let source = (params.field + i * params.stride) * params.batch + b;
  return Move(source, (params.place + i) * params.batch + b, b, i < params.count);
}

@compute @workgroup_size(64)
fn select_ids(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = move_of(linear_group(group, groups) * 64u + lane);
  if (!at.exists) { return; }
  selected_ids[at.place] = ids[at.source] + select(0u, params.shift, at.b < step.rows);
}

@compute @workgroup_size(64)
fn select_values(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = move_of(linear_group(group, groups) * 64u + lane);
  if (at.exists) { selected_values[at.place] = values[at.source]; }
}
