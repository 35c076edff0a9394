// The latest sessions of a history: runs of neighboring places with the same row of one of its sequences.
//   places[b, s, :] = the latest SIZE places of session s of the latest SESSIONS, in order of time, then ABSENT
//   counts[b, s] = how many; sessions[b] = sessions that there are, the oldest of them at s = 0
// Needs grid.wgsl. Shapes: history [L M, B]; lengths, sessions [B]; counts [B, SESSIONS]; places [B, SESSIONS, SIZE]; u32.
// Grid: one invocation per row of the batch, which reads the history twice at most. There is no gradient.
const SESSIONS: u32 = 1u;
const SIZE: u32 = 1u;
const ABSENT: u32 = 0xffffffffu;

struct Params { batch: u32, members: u32, member: u32 }
@group(0) @binding(0) var<storage, read> history: array<u32>;
@group(0) @binding(1) var<storage, read> lengths: array<u32>;
@group(0) @binding(2) var<storage, read_write> places: array<u32>;
@group(0) @binding(3) var<storage, read_write> counts: array<u32>;
@group(0) @binding(4) var<storage, read_write> sessions: array<u32>;
@group(0) @binding(5) var<uniform> params: Params;

fn row_at(t: u32, b: u32) -> u32 { return history[(t * params.members + params.member) * params.batch + b]; }

@compute @workgroup_size(64)
fn choose(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b >= params.batch) { return; }
  let length = lengths[b];
  var count = 0u;
  var first = length;
  while (first > 0u) {
    if (first == length || row_at(first - 1u, b) != row_at(first, b)) {
      if (count == SESSIONS) { break; }
      count++;
    }
    first--;
  }
  for (var s = 0u; s < SESSIONS; s++) {
    var end = first;
    while (s < count && end < length && row_at(end, b) == row_at(first, b)) { end++; }
    let taken = min(end - first, SIZE);
    let list = b * SESSIONS + s;
    for (var i = 0u; i < SIZE; i++) { places[list * SIZE + i] = select(ABSENT, end - taken + i, i < taken); }
    counts[list] = taken;
    first = end;
  }
  sessions[b] = count;
}
