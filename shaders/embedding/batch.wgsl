// Cuts a batch out of the resident data set.
//   ids[f,b] = source_ids[f, order[step.first + b]], and likewise values[f,b] and targets[t,b]; padding rows are 0
//   targets[T,b] = 1, the row's weight, and 0 in padding rows; without ADDS_WEIGHT, the last of the T labels is the weight
// Needs step.wgsl, grid.wgsl, unseen.wgsl with random.wgsl, or unseen_none.wgsl.
// Shapes: source_ids, source_values [F, capacity]; source_labels [T, capacity]; order [capacity];
// ids, values [F, B]; targets [T + 1, B].
// Grid: one invocation per batch row and BLOCK fields, so that a row's place is read once for several fields; the last
// block copies the last field again instead of ending early, which is slow where invocations run in lockstep.
struct Params { batch: u32, fields: u32, capacity: u32 }
@group(0) @binding(0) var<storage, read> order: array<u32>;
@group(0) @binding(1) var<storage, read> source_ids: array<u32>;
@group(0) @binding(2) var<storage, read> source_values: array<f32>;
@group(0) @binding(3) var<storage, read> source_labels: array<f32>;
@group(0) @binding(4) var<storage, read_write> ids: array<u32>;
@group(0) @binding(5) var<storage, read_write> values: array<f32>;
@group(0) @binding(6) var<storage, read_write> targets: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

const BLOCK: u32 = 8u;
const ADDS_WEIGHT: bool = true;
// A constant: llvmpipe compiles a long kernel anew at each dispatch, and keeps all of them, where a loop ends at a uniform.
override TASKS: u32 = 1u;

struct Place {
  b: u32,      // row of the batch
  row: u32,    // row of the data set
  first: u32,  // first field; past the last one when there is nothing to do
  valid: bool,
}

fn place(index: u32) -> Place {
  let b = index % params.batch;
  let first = index / params.batch * BLOCK;
  let valid = b < step.rows;
  let row = order[select(0u, step.first + b, valid)];
  return Place(b, row, first, valid);
}

fn cut_ids(at: Place) {
  if (at.first >= params.fields) { return; }
  for (var i = 0u; i < BLOCK; i++) {
    let f = min(at.first + i, params.fields - 1u);
    let id = substitute(source_ids[f * params.capacity + at.row], f, at.b, params.batch);
    ids[f * params.batch + at.b] = select(0u, id, at.valid);
  }
}

fn cut_values(at: Place) {
  if (at.first >= params.fields) { return; }
  for (var i = 0u; i < BLOCK; i++) {
    let f = min(at.first + i, params.fields - 1u);
    values[f * params.batch + at.b] = select(0.0, source_values[f * params.capacity + at.row], at.valid);
  }
}

fn cut_targets(at: Place) {
  if (at.first != 0u) { return; }
  for (var t = 0u; t < TASKS; t++) {
    targets[t * params.batch + at.b] = select(0.0, source_labels[t * params.capacity + at.row], at.valid);
  }
  if (ADDS_WEIGHT) { targets[TASKS * params.batch + at.b] = select(0.0, 1.0, at.valid); }
}

@compute @workgroup_size(64)
fn cut(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  cut_ids(place(linear_group(group, groups) * 64u + lane));
}

@compute @workgroup_size(64)
fn cut_with_labels(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = place(linear_group(group, groups) * 64u + lane);
  cut_ids(at);
  cut_targets(at);
}

@compute @workgroup_size(64)
fn cut_with_values(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = place(linear_group(group, groups) * 64u + lane);
  cut_ids(at);
  cut_values(at);
}

@compute @workgroup_size(64)
fn cut_with_values_and_labels(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = place(linear_group(group, groups) * 64u + lane);
  cut_ids(at);
  cut_values(at);
  cut_targets(at);
}
