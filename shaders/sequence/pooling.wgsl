// Pools the places of a history, and TARGETS places at the end that are always there, row by row of the batch.
//   pool          y[b, n] = sum or mean or max over the places that are there of x[b, t, n]; 0 where there is none
//   gradient      dx[b, t, n] = dy[b, n] of a sum, dy[b, n] / divisor of a mean
//   max_gradient  dx[b, t, n] = dy[b, n] at the first place of the largest number, else 0
// Needs grid.wgsl, places.wgsl, and divisor_length.wgsl or divisor_weights.wgsl, which say what the mean divides by.
// Shapes: x, dx [B, L, N]; y, dy [B, N]; lengths [B]; f32. Places past the end of a history get dx = 0.
// Grid: one invocation per number of y, which reads or writes a column of places.
const MODE: u32 = 0u;  // SUM, MEAN or MAX
const SUM: u32 = 0u;
const MEAN: u32 = 1u;
const MAX: u32 = 2u;

struct Params { batch: u32, places: u32, width: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> lengths: array<u32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

fn scale_of(b: u32) -> f32 {
  if (MODE != MEAN) { return 1.0; }
  let divisor = divisor_of(b, lengths[b]) + f32(TARGETS);
  return select(1.0 / divisor, 0.0, divisor == 0.0);
}

@compute @workgroup_size(64)
fn pool(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let b = i / params.width;
  if (b >= params.batch) { return; }
  let first = b * params.places * params.width + i % params.width;
  let length = lengths[b];
  let start = first_place(length);
  var result = 0.0;
  for (var t = start; t < params.places; t = next_place(t, length)) {
    let value = x[first + t * params.width];
    if (MODE == MAX) { result = select(max(result, value), value, t == start); } else { result += value; }
  }
  y[i] = result * scale_of(b);
}

@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let b = i / params.width;
  if (b >= params.batch) { return; }
  let first = b * params.places * params.width + i % params.width;
  let slope = dy[i] * scale_of(b);
  for (var t = 0u; t < params.places; t++) { y[first + t * params.width] = select(0.0, slope, present(t, lengths[b])); }
}

@compute @workgroup_size(64)
fn max_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let b = i / params.width;
  if (b >= params.batch) { return; }
  let first = b * params.places * params.width + i % params.width;
  let length = lengths[b];
  var winner = first_place(length);
  var largest = -3.4e38;
  for (var t = winner; t < params.places; t = next_place(t, length)) {
    let value = x[first + t * params.width];
    if (value > largest) {
      largest = value;
      winner = t;
    }
  }
  for (var t = 0u; t < params.places; t++) {
    y[first + t * params.width] = select(0.0, dy[i], t == winner);
  }
}
