// The latest places of a history.
//   take      y[b, i, :]  = x[b, lengths[b] - COUNT + i, :], 0 before the first place
//   gradient  dx[b, t, :] = dy[b, t + COUNT - lengths[b], :], 0 elsewhere
//   at_least  counts[b]   = lengths[b], or LEAST where it is 0
//   at_most   counts[b]   = min(lengths[b], MOST)
//   all_places counts[b]  = COUNT
//   pieces    counts[b, g] = places that there are of piece g of G, of SIZE places each; held[b] = pieces that have any
// ALIGNED, a history of fewer places starts at place 0 of y, as histories do: then y[b, i, :] = x[b, i, :].
// Shapes: x, dx [B, L, N]; y, dy [B, COUNT, N]; lengths, held [B]; counts [B] or [B, G].
// Grid: one invocation per number written.
struct Params { batch: u32, places: u32, width: u32, count: u32 }  // count: COUNT, LEAST, MOST or SIZE; places: L or G
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> lengths: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> counts: array<u32>;
@group(0) @binding(4) var<storage, read_write> held: array<u32>;
@group(0) @binding(5) var<uniform> params: Params;

const ALIGNED: bool = false;

// Place of x that y starts with, plus COUNT.
fn start_of(length: u32) -> u32 {
  return select(length, max(length, params.count), ALIGNED);
}

@compute @workgroup_size(64)
fn take(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let row = i / params.width;
  let b = row / params.count;
  if (b >= params.batch) { return; }
  let t = row % params.count + start_of(lengths[b]);
  let exists = t >= params.count && t < lengths[b] + params.count;
  let place = b * params.places + select(0u, t - params.count, exists);
  y[i] = select(0.0, x[place * params.width + i % params.width], exists);
}

@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let row = i / params.width;
  let b = row / params.places;
  if (b >= params.batch) { return; }
  let t = row % params.places;
  let start = start_of(lengths[b]);
  let taken = t < lengths[b] && t + params.count >= start;
  let place = b * params.count + select(0u, t + params.count - start, taken);
  y[i] = select(0.0, x[place * params.width + i % params.width], taken);
}

@compute @workgroup_size(64)
fn at_least(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b < params.batch) { counts[b] = select(lengths[b], params.count, lengths[b] == 0u); }
}

@compute @workgroup_size(64)
fn at_most(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b < params.batch) { counts[b] = min(lengths[b], params.count); }
}

@compute @workgroup_size(64)
fn all_places(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b < params.batch) { counts[b] = params.count; }
}

@compute @workgroup_size(64)
fn pieces(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let b = i / params.places;
  if (b >= params.batch) { return; }
  let number = i % params.places;
  if (number == 0u) { held[b] = (lengths[b] + params.count - 1u) / params.count; }
  counts[i] = min(lengths[b] - min(lengths[b], number * params.count), params.count);
}
