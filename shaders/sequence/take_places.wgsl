// Places of a history by their numbers, and the way back.
//   take      y[b, g, i, :] = x[b, places[b, g, i], :] for i < counts[b, g], else 0
//   gradient  dx[b, t, :]   = sum over g of dy[b, g, i, :] where places[b, g, i] = t
// The numbers of a list ascend, and none occurs twice: the gradient looks for t by halving, and nothing is scattered.
// Needs grid.wgsl and laneN.wgsl. Shapes: x, dx [B, L, N]; places [B, LISTS, K]; counts [B, LISTS], u32;
// y, dy [B, LISTS, K, N], by lanes.
// Grid: one invocation per lane written. No atomics; sums go list by list.
const LISTS: u32 = 1u;

struct Params { batch: u32, places: u32, top: u32, row: u32 }
@group(0) @binding(0) var<storage, read> x: array<Lane>;  // in the gradient dy
@group(0) @binding(1) var<storage, read> places: array<u32>;
@group(0) @binding(2) var<storage, read> counts: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<Lane>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn take(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let place = i / params.row;
  let list = place / params.top;
  let b = list / LISTS;
  if (b >= params.batch) { return; }
  if (place % params.top >= counts[list]) {
    y[i] = Lane();
    return;
  }
  y[i] = x[(b * params.places + places[place]) * params.row + i % params.row];
}

@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let place = i / params.row;
  let b = place / params.places;
  if (b >= params.batch) { return; }
  let t = place % params.places;
  var sum = Lane();
  for (var list = b * LISTS; list < (b + 1u) * LISTS; list++) {
    let first = list * params.top;
    var low = 0u;
    var high = counts[list];
    while (low < high) {
      let middle = (low + high) / 2u;
      if (places[first + middle] < t) { low = middle + 1u; } else { high = middle; }
    }
    if (low < counts[list] && places[first + low] == t) { sum += x[(first + low) * params.row + i % params.row]; }
  }
  y[i] = sum;
}
