// Updates of a table from gradients that segment_reduce has stored.
//   touched  rows that occur in the batch, from sums kept at the start of each run
//   sweep    every row, from sums kept by row, which are cleared for the next step
// Needs step.wgsl, grid.wgsl, a lane file, optimizer.wgsl, a state file, row_rule.wgsl, clip_scale or clip_scale_none.
// Grid: one invocation per (position or row, SPAN lanes).
const FIELDS: u32 = 1u;
const LANES: u32 = 1u;   // lanes of D
const STRIDE: u32 = 1u;  // lanes from one row of the table to the next
const SPAN: u32 = 1u;    // lanes of one invocation, a divisor of LANES

struct Params {
  first: u32,  // first row of the shard
  rows: u32,   // rows of the shard
  l2: f32,     // coupled L2
}
@group(0) @binding(0) var<storage, read> pairs: array<vec2u>;
@group(0) @binding(1) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read_write> weights: array<Lane>;
@group(0) @binding(11) var<storage, read_write> reduced: array<Lane>;

var<private> sum: array<Lane, SPAN>;

@compute @workgroup_size(64)
fn touched(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let worker = linear_group(group, groups) * 64u + lane;
  let part = worker % (LANES / SPAN);
  let at = worker / (LANES / SPAN);
  if (at >= step.rows * FIELDS) { return; }
  let row = pairs[at].x;
  let number = row - params.first;
  if (number >= params.rows || (at > 0u && pairs[max(at, 1u) - 1u].x == row)) { return; }
  for (var j = 0u; j < SPAN; j++) { sum[j] = reduced[at * LANES + part * SPAN + j]; }
  apply_rule(number, part, clip_scale());
}

@compute @workgroup_size(64)
fn sweep(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let worker = linear_group(group, groups) * 64u + lane;
  let part = worker % (LANES / SPAN);
  let number = worker / (LANES / SPAN);
  if (number >= params.rows) { return; }
  let at = number * STRIDE + part * SPAN;
  for (var j = 0u; j < SPAN; j++) {
    sum[j] = reduced[at + j];
    reduced[at + j] = Lane();
  }
  apply_rule(number, part, clip_scale());
}
