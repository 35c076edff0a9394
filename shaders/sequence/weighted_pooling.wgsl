// Weighted sums over the places of a history, dot products with them, and the gradients of both.
//   pool    y[b, n]    = sum over t < lengths[b] of w[b, t] x[b, t, n]
//   spread  y[b, t, n] = w[b, t] row[b, n], 0 past the end
//   dots    y[b, t]    = sum_n row[b, n] x[b, t, n], 0 past the end
// Shapes: x [B, L, N]; w [B, L]; row [B, N]; lengths [B]; f32.
// Grid: one invocation per number written. Memory: 4 (L + 1) N + 4 L bytes a row for pool.
struct Params { batch: u32, places: u32, width: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> row: array<f32>;
@group(0) @binding(3) var<storage, read> lengths: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn pool(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let b = i / params.width;
  if (b >= params.batch) { return; }
  let first = b * params.places;
  let n = i % params.width;
  var sum = 0.0;
  for (var t = 0u; t < lengths[b]; t++) { sum += w[first + t] * x[(first + t) * params.width + n]; }
  y[i] = sum;
}

@compute @workgroup_size(64)
fn spread(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let place = i / params.width;
  let b = place / params.places;
  if (b >= params.batch) { return; }
  let value = w[place] * row[b * params.width + i % params.width];
  y[i] = select(0.0, value, place % params.places < lengths[b]);
}

@compute @workgroup_size(64)
fn dots(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let place = linear_group(group, groups) * 64u + lane;
  let b = place / params.places;
  if (b >= params.batch) { return; }
  var sum = 0.0;
  if (place % params.places < lengths[b]) {
    for (var n = 0u; n < params.width; n++) { sum += row[b * params.width + n] * x[place * params.width + n]; }
  }
  y[place] = sum;
}
