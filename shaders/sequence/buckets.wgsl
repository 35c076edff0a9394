// Places of histories by buckets of how like the target they are.
//   cosines  buckets[b, t] = the bucket of cos(q[b, :], x[b, t, :]), of BUCKETS of one width between -1 and 1
//   values   y[b, t] = x[b, buckets[b, t]] for t < lengths[b], else 0
//   sums     y[b, i] = sum of x[b, t] over the places t < lengths[b] of bucket i
// `values` and `sums` are each other's gradients. A vector of zeros has the cosine 0.
// Needs grid.wgsl. Shapes: q [B, N]; in cosines x [B, L, N], in values x [B, BUCKETS] and y [B, L], in sums x [B, L] and
// y [B, BUCKETS]; buckets [B, L], u32; lengths [B]; f32.
// Grid: one invocation per number written. No atomics, sums in order of the places.
const BUCKETS: u32 = 1u;

struct Params { batch: u32, places: u32, width: u32 }
@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> lengths: array<u32>;
@group(0) @binding(3) var<storage, read> chosen: array<u32>;  // buckets
@group(0) @binding(4) var<storage, read_write> buckets: array<u32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(64)
fn cosines(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let b = i / params.places;
  if (b >= params.batch) { return; }
  var product = 0.0;
  var target_square = 0.0;
  var square = 0.0;
  for (var n = 0u; n < params.width; n++) {
    let own = q[b * params.width + n];
    let other = x[i * params.width + n];
    product += own * other;
    target_square += own * own;
    square += other * other;
  }
  let cosine = product / max(sqrt(target_square) * sqrt(square), 1e-30);
  let bucket = u32((clamp(cosine, -1.0, 1.0) + 1.0) * 0.5 * f32(BUCKETS));
  buckets[i] = select(0u, min(bucket, BUCKETS - 1u), i % params.places < lengths[b]);
}

@compute @workgroup_size(64)
fn values(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let b = i / params.places;
  if (b >= params.batch) { return; }
  y[i] = select(0.0, x[b * BUCKETS + chosen[i]], i % params.places < lengths[b]);
}

@compute @workgroup_size(64)
fn sums(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let b = i / BUCKETS;
  if (b >= params.batch) { return; }
  var sum = 0.0;
  for (var t = 0u; t < lengths[b]; t++) {
    let at = b * params.places + t;
    sum += select(0.0, x[at], chosen[at] == i % BUCKETS);
  }
  y[i] = sum;
}
