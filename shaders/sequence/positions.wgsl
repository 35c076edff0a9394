// Learned positions of a history's places: added to them, or as further columns.
//   place     y[b, t, :] = x[b, t, :] + p[position(t), :], or (x[b, t, :], p[position(t), :])
//   partial   g[s, i, n] = sum over the rows b of slice s of dy[b, t, FIRST + n], where t is the place with position i
//   gradient  dp[i, n] = sum_s g[s, i, n], for processors; GPUs add slices up by column_sums.wgsl
// Positions count from the oldest place, or (LATEST) backwards from the latest, which has L - 1; L = T - TARGETS. Targets
// have the positions of their places. Places that are not there stay as they are, and read zeros for further columns.
// Needs grid.wgsl and places.wgsl.
// Shapes: x [B, T, N]; y, dy [B, T, N] or [B, T, N + P]; p, dp [T, P]; g [slices, T, P]; lengths [B]; f32.
// Grid: one invocation per number written.
const LATEST: bool = false;
const APART: bool = false;  // positions are further columns

struct Params { batch: u32, places: u32, width: u32, columns: u32, slice: u32, slices: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> p: array<f32>;
@group(0) @binding(2) var<storage, read> lengths: array<u32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read> g: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

fn history() -> u32 {
  return params.places - TARGETS;
}

// Position of a place that is there, and the place of a position.
fn position(t: u32, length: u32) -> u32 {
  if (LATEST && t < history()) { return t + history() - length; }
  return t;
}

fn place_of(i: u32, length: u32) -> u32 {
  if (LATEST && i < history()) { return i + length - history(); }
  return i;
}

@compute @workgroup_size(64)
fn place(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let row = i / params.columns;
  let b = row / params.places;
  if (b >= params.batch) { return; }
  let t = row % params.places;
  let n = i % params.columns;
  let length = lengths[b];
  let there = present(t, length);
  let at = position(select(0u, t, there), length);
  if (APART) {
    let own = params.columns - params.width;
    var value = 0.0;
    if (n < params.width) { value = x[row * params.width + n]; }
    else if (there) { value = p[at * own + n - params.width]; }
    y[i] = value;
  } else {
    y[i] = x[i] + select(0.0, p[at * params.width + n], there);
  }
}

@compute @workgroup_size(64)
fn partial(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let own = select(params.width, params.columns - params.width, APART);
  let numbers = params.places * own;
  let slice = i / numbers;
  if (slice >= params.slices) { return; }
  let at = i % numbers / own;
  let n = select(0u, params.width, APART) + i % own;
  var sum = 0.0;
  for (var b = slice * params.slice; b < min((slice + 1u) * params.slice, params.batch); b++) {
    let t = place_of(at, lengths[b]);
    if (t < params.places && present(t, lengths[b])) { sum += dy[(b * params.places + t) * params.columns + n]; }
  }
  y[i] = sum;
}

@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let numbers = params.places * select(params.width, params.columns - params.width, APART);
  if (i >= numbers) { return; }
  var sum = 0.0;
  for (var s = 0u; s < params.slices; s++) { sum += g[s * numbers + i]; }
  y[i] = sum;
}
