// The newest places of a history whose row is that of a field.
//   places[b, :] = the last TOP t < lengths[b] with history[t M + m, b] = ids[f, b], in order of time, then ABSENT;
//   taken_count[b] = how many
// Needs grid.wgsl. Shapes: ids [F, B]; history [L M, B]; lengths, taken_count [B]; places [B, TOP]; u32.
// Grid: one invocation per row of the batch, which reads the history twice at most. There is no gradient.
const TOP: u32 = 1u;
const ABSENT: u32 = 0xffffffffu;

struct Params { batch: u32, field: u32, members: u32, member: u32 }
@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read> history: array<u32>;
@group(0) @binding(2) var<storage, read> lengths: array<u32>;
@group(0) @binding(3) var<storage, read_write> places: array<u32>;
@group(0) @binding(4) var<storage, read_write> taken_count: array<u32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn choose(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b >= params.batch) { return; }
  let wanted = ids[params.field * params.batch + b];
  var count = 0u;
  var first = lengths[b];
  while (first > 0u && count < TOP) {
    first--;
    count += select(0u, 1u, row_at(first, b) == wanted);
  }
  var to = b * TOP;
  for (var t = first; t < lengths[b]; t++) {
    if (row_at(t, b) == wanted) {
      places[to] = t;
      to++;
    }
  }
  for (; to < (b + 1u) * TOP; to++) { places[to] = ABSENT; }
  taken_count[b] = count;
}

fn row_at(t: u32, b: u32) -> u32 { return history[(t * params.members + params.member) * params.batch + b]; }
