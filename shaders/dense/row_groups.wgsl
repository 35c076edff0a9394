// A counting sort of the rows of a batch by group: stable, without atomics.
//   offsets[g] = rows of the groups before g;  order[offsets[g] + i] = the i-th row b with groups[b] = g
// Shapes: groups, order [B], groups below G; offsets [G + 1]. Grid: one workgroup per group. Each of its invocations reads
// a run of rows twice, so that the G groups together read 2 G B numbers, all of them from the cache.
struct Params { batch: u32, count: u32 }
@group(0) @binding(0) var<storage, read> groups: array<u32>;
@group(0) @binding(1) var<storage, read_write> order: array<u32>;
@group(0) @binding(2) var<storage, read_write> offsets: array<u32>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> sums: array<vec2u, 256>;  // rows of the group, and of those before it, up to each invocation

@compute @workgroup_size(256)
fn sort(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let g = linear_group(workgroup, workgroups);
  let run = (params.batch + 255u) / 256u;
  let first = min(lane * run, params.batch);
  let end = min(first + run, params.batch);
  var found = vec2u();
  for (var b = first; b < end; b++) { found += vec2u(u32(groups[b] == g), u32(groups[b] < g)); }
  sums[lane] = found;
  workgroupBarrier();
  for (var reach = 1u; reach < 256u; reach *= 2u) {
    let before = sums[select(0u, lane - reach, lane >= reach)];
    workgroupBarrier();
    if (lane >= reach) { sums[lane] += before; }
    workgroupBarrier();
  }
  if (g >= params.count) { return; }
  let start = sums[255].y;
  if (lane == 0u) {
    offsets[g] = start;
    if (g + 1u == params.count) { offsets[params.count] = params.batch; }
  }
  var place = start + sums[lane].x - found.x;
  for (var b = first; b < end; b++) {
    if (groups[b] == g) {
      order[place] = b;
      place++;
    }
  }
}
