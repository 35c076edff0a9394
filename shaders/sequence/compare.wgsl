// A target beside each item of a history, as DIN's attention unit reads them.
//   compare          z[b, t, :] = (q, k, q - k, q * k) with q = target[b, :] or, BY_PLACE, target[b, t, :], k = items[b, t, :]
//   item_gradient    dk = dz1 - dz2 + q dz3, of the four parts dz0 .. dz3 of dz
//   target_gradient  dq = dz0 + dz2 + k dz3, summed over the places unless there is a target for each
// Shapes: target, dq [B, N] or [B, L, N]; items, dk [B, L, N]; z, dz [B, L, 4 N]; f32. Places past the end of a history take part.
// Grid: one invocation per number of items; for target_gradient per number of target.
const BY_PLACE: bool = false;

struct Params { batch: u32, places: u32, width: u32 }
@group(0) @binding(0) var<storage, read> target_row: array<f32>;
@group(0) @binding(1) var<storage, read> items: array<f32>;
@group(0) @binding(2) var<storage, read> dz: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn query_at(place: u32, n: u32) -> u32 {
  return select(place / params.places, place, BY_PLACE) * params.width + n;
}

// Slope by the target at one place.
fn target_slope(place: u32, n: u32) -> f32 {
  let first = 4u * place * params.width + n;
  return dz[first] + dz[first + 2u * params.width] + items[place * params.width + n] * dz[first + 3u * params.width];
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
  let first = 4u * place * params.width + n;
  let product = target_row[query_at(place, n)] * dz[first + 3u * params.width];
  y[i] = dz[first + params.width] - dz[first + 2u * params.width] + product;
}

@compute @workgroup_size(64)
fn target_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let row = i / params.width;
  let n = i % params.width;
  if (BY_PLACE) {
    if (row < params.batch * params.places) { y[i] = target_slope(row, n); }
    return;
  }
  if (row >= params.batch) { return; }
  var sum = 0.0;
  for (var t = 0u; t < params.places; t++) { sum += target_slope(row * params.places + t, n); }
  y[i] = sum;
}
