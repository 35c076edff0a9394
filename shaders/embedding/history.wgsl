// Cuts the lists of a batch's rows out of the resident data set, and pads them at their ends.
//   ids[t M + m, b] = source_ids[(offsets[row] + t) M + m] for t < lengths[b], else ABSENT;  row = order[step.first + b]
//   values[t, b]    = source_values[offsets[row] + t] for t < lengths[b], else 0
//   lengths[b]      = offsets[row + 1] - offsets[row], 0 in padding rows
// Needs step.wgsl and grid.wgsl. Shapes: order [capacity]; offsets [capacity + 1]; source_ids [values, M];
// source_values [values]; ids [L M, B]; values [L, B]; lengths [B].
// Grid: one invocation per place t and batch row b.
struct Params { batch: u32, places: u32, members: u32 }
@group(0) @binding(0) var<storage, read> order: array<u32>;
@group(0) @binding(1) var<storage, read> offsets: array<u32>;
@group(0) @binding(2) var<storage, read> source_ids: array<u32>;
@group(0) @binding(3) var<storage, read> source_values: array<f32>;
@group(0) @binding(4) var<storage, read_write> ids: array<u32>;
@group(0) @binding(5) var<storage, read_write> values: array<f32>;
@group(0) @binding(6) var<storage, read_write> lengths: array<u32>;
@group(0) @binding(7) var<uniform> params: Params;

const ABSENT: u32 = 0xffffffffu;  // past every table: lookups read zeros, and sorting puts it last

struct Place {
  t: u32,
  b: u32,
  first: u32,   // of the list
  length: u32,  // of the list; 0 in padding rows
}

fn place(index: u32) -> Place {
  let b = index % params.batch;
  let valid = b < step.rows;
  let row = order[select(0u, step.first + b, valid)];
  let first = offsets[row];
  let length = min(offsets[row + 1u] - first, params.places);
  return Place(index / params.batch, b, first, select(0u, length, valid));
}

fn cut_ids(at: Place) {
  if (at.t >= params.places) { return; }
  let present = at.t < at.length;
  for (var m = 0u; m < params.members; m++) {
    let source = select(0u, (at.first + at.t) * params.members + m, present);
    ids[(at.t * params.members + m) * params.batch + at.b] = select(ABSENT, source_ids[source], present);
  }
  if (at.t == 0u) { lengths[at.b] = at.length; }
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
fn cut_with_values(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = place(linear_group(group, groups) * 64u + lane);
  cut_ids(at);
  if (at.t >= params.places) { return; }
  let present = at.t < at.length;
  values[at.t * params.batch + at.b] = select(0.0, source_values[select(0u, at.first + at.t, present)], present);
}
