// Circular products of pairs of fields and their gradient (circular.wgsl) in lanes of four numbers, for GPUs.
//   products  r[b, p, n] = sum_k e[b, i, k] e[b, j, m(n, k)] for the p-th pair i < j,
//             m = n + k mod D (correlation) or n - k mod D (convolution)
//   gradient  de from dr: each field is the left one of some pairs, the right one of others
// A lane of a product takes a lane of one vector and two neighboring lanes of the other one at each step.
// Shapes: e, de [B, F, D]; r, dr [B, F (F - 1) / 2, D]; D a multiple of 4, and of 16 if it is more than 16; f32.
// Grid: one invocation per lane of what is written. Fixed order, no atomics. Needs pair_order.wgsl.
const CORRELATES: bool = true;
const LANES: u32 = 4u;  // of D

struct Params { batch: u32, fields: u32 }
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> dr: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

// A sum, and the lane that the step before has loaded.
struct Sum { sum: vec4f, own: vec4f }

// Takes a lane below 2 D / 4 modulo D / 4.
fn wrapped(lane: u32) -> u32 {
  return select(lane, lane - LANES, lane >= LANES);
}

// Sums a[k] b[n + k] over four k for four n; b has the lanes low and high behind each other.
fn ahead(a: vec4f, low: vec4f, high: vec4f) -> vec4f {
  return (a.x * low + a.y * vec4f(low.yzw, high.x)) + (a.z * vec4f(low.zw, high.xy) + a.w * vec4f(low.w, high.xyz));
}

// Sums a[k] b[n - k] over four k for four n; b has the lanes low and high behind each other.
fn behind(a: vec4f, low: vec4f, high: vec4f) -> vec4f {
  return (a.x * high + a.y * vec4f(low.w, high.xyz)) + (a.z * vec4f(low.zw, high.xy) + a.w * vec4f(low.yzw, high.x));
}

// Adds what lane k of the left vector gives to lane q of a product.
fn product_step(s: Sum, left: u32, right: u32, q: u32, k: u32) -> Sum {
  let a = x[left + k];
  if (CORRELATES) {
    let next = x[right + wrapped(q + k + 1u)];
    return Sum(s.sum + ahead(a, s.own, next), next);
  }
  let next = x[right + wrapped(q + LANES - k - 1u)];
  return Sum(s.sum + behind(a, next, s.own), next);
}

@compute @workgroup_size(64)
fn products(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = linear_group(group, groups) * 64u + lane;
  let q = at % LANES;
  let b = at / LANES / pair_count();
  if (b >= params.batch) { return; }
  let pair = fields_of(at / LANES % pair_count());
  let left = (b * params.fields + pair.x) * LANES;
  let right = (b * params.fields + pair.y) * LANES;
  var s = Sum(vec4f(), x[right + q]);
  for (var k = 0u; k < LANES; k += 4u) {
    s = product_step(s, left, right, q, k);
    if (LANES > 1u) { s = product_step(s, left, right, q, k + 1u); }
    if (LANES > 2u) { s = product_step(s, left, right, q, k + 2u); }
    if (LANES > 3u) { s = product_step(s, left, right, q, k + 3u); }
  }
  y[at] = s.sum;
}

// Adds what lane k of a gradient (correlation) or of the right vector (convolution) gives to lane q of the left one's.
fn left_step(s: Sum, slope: u32, vector: u32, q: u32, k: u32) -> Sum {
  let lane = wrapped(q + k + 1u);
  if (CORRELATES) {
    let next = x[vector + lane];
    return Sum(s.sum + ahead(dr[slope + k], s.own, next), next);
  }
  let next = dr[slope + lane];
  return Sum(s.sum + ahead(x[vector + k], s.own, next), next);
}

// Adds what lane k of the left vector gives to lane q of the right one's gradient.
fn right_step(s: Sum, slope: u32, vector: u32, q: u32, k: u32) -> Sum {
  let a = x[vector + k];
  if (CORRELATES) {
    let next = dr[slope + wrapped(q + LANES - k - 1u)];
    return Sum(s.sum + behind(a, next, s.own), next);
  }
  let next = dr[slope + wrapped(q + k + 1u)];
  return Sum(s.sum + ahead(a, s.own, next), next);
}

@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = linear_group(group, groups) * 64u + lane;
  let q = at % LANES;
  let field = at / LANES % params.fields;
  let b = at / LANES / params.fields;
  if (b >= params.batch) { return; }
  var s = Sum();
  for (var other = 0u; other < field; other++) {
    let slope = (b * pair_count() + pair_of(other, field)) * LANES;
    let vector = (b * params.fields + other) * LANES;
    s.own = dr[slope + q];
    for (var k = 0u; k < LANES; k += 4u) {
      s = right_step(s, slope, vector, q, k);
      if (LANES > 1u) { s = right_step(s, slope, vector, q, k + 1u); }
      if (LANES > 2u) { s = right_step(s, slope, vector, q, k + 2u); }
      if (LANES > 3u) { s = right_step(s, slope, vector, q, k + 3u); }
    }
  }
  for (var other = field + 1u; other < params.fields; other++) {
    let slope = (b * pair_count() + pair_of(field, other)) * LANES;
    let vector = (b * params.fields + other) * LANES;
    if (CORRELATES) {
      s.own = x[vector + q];
    } else {
      s.own = dr[slope + q];
    }
    for (var k = 0u; k < LANES; k += 4u) {
      s = left_step(s, slope, vector, q, k);
      if (LANES > 1u) { s = left_step(s, slope, vector, q, k + 1u); }
      if (LANES > 2u) { s = left_step(s, slope, vector, q, k + 2u); }
      if (LANES > 3u) { s = left_step(s, slope, vector, q, k + 3u); }
    }
  }
  y[at] = s.sum;
}
