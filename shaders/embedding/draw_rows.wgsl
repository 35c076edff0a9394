// Draws a row of a field for each place of a history, uniform in rows first to first + rows - 1, anew in each step.
//   ids[t M + m, b] = first + random(t M + m, b) mod rows where known[t M + m, b] is a row, else ABSENT
// Needs random.wgsl, step.wgsl and grid.wgsl. Shapes: known, ids [L M, B].
// Grid: one invocation per place t and batch row b.
struct Params { batch: u32, places: u32, members: u32, member: u32, first: u32, rows: u32 }
@group(0) @binding(0) var<storage, read> known: array<u32>;
@group(0) @binding(1) var<storage, read_write> ids: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

const ABSENT: u32 = 0xffffffffu;

@compute @workgroup_size(64)
fn draw(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let t = i / params.batch;
  if (t >= params.places) { return; }
  let at = (t * params.members + params.member) * params.batch + i % params.batch;
  ids[at] = select(params.first + random_u32(at) % params.rows, ABSENT, known[at] == ABSENT);
}
