// A target beside each item of a history, as DIN's attention unit reads them.
//   compare          z[b, t, :] = (q, k, q - k, q * k) with q = target[b, :] or, BY_PLACE, target[b, t, :], k = items[b, t, :]
//   item_gradient    dk = dz1 - dz2 + q dz3, of the four parts dz0 .. dz3 of dz
//   target_gradient  dq = dz0 + dz2 + k dz3, summed over the places unless there is a target for each
//   gradients        both, where there is one target
//   gradients_and_spread  both, and dk gets w[b, t] row[b, :] at the places that are there, the gradient of a weighted sum
// Shapes: target, dq [B, N] or [B, L, N]; items, dk [B, L, N]; z, dz [B, L, 4 N]; w [B, L]; row [B, N]; lengths [B]; f32.
// Places past the end of a history take part.
// Grid: one invocation per number of items; for dq, alone or with dk, per number of target.
const BY_PLACE: bool = false;

struct Params { batch: u32, places: u32, width: u32 }
@group(0) @binding(0) var<storage, read> target_row: array<f32>;
@group(0) @binding(1) var<storage, read> items: array<f32>;
@group(0) @binding(2) var<storage, read> dz: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;
@group(0) @binding(5) var<storage, read_write> d_target: array<f32>;
@group(0) @binding(6) var<storage, read> w: array<f32>;
@group(0) @binding(7) var<storage, read> row: array<f32>;
@group(0) @binding(8) var<storage, read> lengths: array<u32>;

fn query_at(place: u32, n: u32) -> u32 {
  return select(place / params.places, place, BY_PLACE) * params.width + n;
}

// Slope by the target at one place.
fn target_slope(place: u32, n: u32) -> f32 {
  let first = 4u * place * params.width + n;
  return dz[first] + dz[first + 2u * params.width] + items[place * params.width + n] * dz[first + 3u * params.width];
}

// Slope by the item at one place, whose target has the number q.
fn item_slope(place: u32, n: u32, q: f32) -> f32 {
  let first = 4u * place * params.width + n;
  return dz[first + params.width] - dz[first + 2u * params.width] + q * dz[first + 3u * params.width];
}

@compute @workgroup_size(64)
fn compare(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let place = i / params.width;
  let b = place / params.places;
  if (b >= params.batch) { return; }
  let n = i % params.width;
  let q = target_row[query_at(place, n)];
  let k = items[i];
  let first = 4u * place * params.width + n;
  y[first] = q;
  y[first + params.width] = k;
  y[first + 2u * params.width] = q - k;
  y[first + 3u * params.width] = q * k;
}

@compute @workgroup_size(64)
fn item_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let place = i / params.width;
  let b = place / params.places;
  if (b >= params.batch) { return; }
  let n = i % params.width;
  y[i] = item_slope(place, n, target_row[query_at(place, n)]);
}

@compute @workgroup_size(64)
fn target_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let b = i / params.width;
  let n = i % params.width;
  if (BY_PLACE) {
    if (b < params.batch * params.places) { y[i] = target_slope(b, n); }
    return;
  }
  if (b >= params.batch) { return; }
  var sum = 0.0;
  for (var t = 0u; t < params.places; t++) { sum += target_slope(b * params.places + t, n); }
  y[i] = sum;
}

@compute @workgroup_size(64)
fn gradients(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let b = i / params.width;
  let n = i % params.width;
  if (b >= params.batch) { return; }
  let q = target_row[i];
  var sum = 0.0;
  for (var t = 0u; t < params.places; t++) {
    let place = b * params.places + t;
    sum += target_slope(place, n);
    y[place * params.width + n] = item_slope(place, n, q);
  }
  d_target[i] = sum;
}

@compute @workgroup_size(64)
fn gradients_and_spread(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let b = i / params.width;
  let n = i % params.width;
  if (b >= params.batch) { return; }
  let q = target_row[i];
  let pooled = row[i];
  var sum = 0.0;
  for (var t = 0u; t < params.places; t++) {
    let place = b * params.places + t;
    sum += target_slope(place, n);
    let spread = select(0.0, w[place] * pooled, t < lengths[b]);
    y[place * params.width + n] = spread + item_slope(place, n, q);
  }
  d_target[i] = sum;
}
