// Weighted inner products of all pairs i < j of fields, each or summed, and their gradients.
//   each          q[b, p] = sum_d s_p[d] e[b, i, d] e[b, j, d]
//   field_sums    part[b, i] = sum_{j>i} q[b, p];  row_sums  y[b] = sum_i part[b, i]
//   backward      de[b, i, :] = sum_{j != i} g_p s_p e[b, j, :]  with g_p = dq[b, p], or dq[b] where q was summed
//   slices        partial[s, p, :] = sum over the samples b of slice s of g_p e[b, i, :] e[b, j, :]
//   strengths, strengths_by_lane   ds_p = sum_s partial[s, p, :], its lanes summed up or kept
// s_p is 1, a number, or a vector of D. Shapes: e, de [B, F, D]; q, dq [B, P] or dq [B]; part [B, F - 1]; f32.
// Grid: each, field_sums one invocation per (b, i < F - 1); row_sums per b; backward per (b, i, SPAN lanes); slices per
// (slice, p, lane of s); strengths per number of s. Fixed orders, no atomics. Needs pair_order.wgsl.
const LANES: u32 = 4u;             // lanes of D
const SPAN: u32 = 4u;              // lanes that one invocation of backward computes, at most 4
const STRENGTH_LANES: u32 = 1u;    // lanes of s_p: 1 where it is a number
const HAS_STRENGTHS: bool = true;  // whether s_p is other than 1
const SUMMED: bool = false;        // whether dq is [B]
const SLICES: u32 = 16u;           // slices of the batch
alias Strength = f32;

struct Params { batch: u32, fields: u32 }
@group(0) @binding(0) var<storage, read> e: array<Lane>;
@group(0) @binding(1) var<storage, read> strength: array<Strength>;
@group(0) @binding(2) var<storage, read> dq: array<f32>;
@group(0) @binding(3) var<storage, read_write> q: array<f32>;
@group(0) @binding(4) var<storage, read> part: array<f32>;
@group(0) @binding(5) var<storage, read_write> de: array<Lane>;
@group(0) @binding(6) var<storage, read_write> partial: array<Lane>;
@group(0) @binding(7) var<storage, read> slice: array<Lane>;
@group(0) @binding(8) var<storage, read_write> dnumber: array<f32>;
@group(0) @binding(9) var<storage, read_write> dvector: array<Lane>;
@group(0) @binding(10) var<uniform> params: Params;

fn strength_of(p: u32, c: u32) -> Strength {
  if (!HAS_STRENGTHS) { return Strength(1.0); }
  return strength[p * STRENGTH_LANES + c % STRENGTH_LANES];
}

fn upstream(b: u32, p: u32) -> f32 {
  if (SUMMED) { return dq[b]; }
  return dq[b * pair_count() + p];
}

// The products of field i of sample b with the fields j to j + 3; past the last field it repeats that one.
fn four_products(b: u32, i: u32, j: u32) -> vec4f {
  let last = params.fields - 1u;
  let p = pair_of(i, j);
  let base = b * params.fields;
  let step1 = min(j + 1u, last) - j;
  let step2 = min(j + 2u, last) - j;
  let step3 = min(j + 3u, last) - j;
  var a0 = Lane();
  var a1 = Lane();
  var a2 = Lane();
  var a3 = Lane();
  for (var c = 0u; c < LANES; c++) {
    let x = e[(base + i) * LANES + c];
    let right = (base + j) * LANES + c;
    a0 += x * e[right] * strength_of(p, c);
    a1 += x * e[right + step1 * LANES] * strength_of(p + step1, c);
    a2 += x * e[right + step2 * LANES] * strength_of(p + step2, c);
    a3 += x * e[right + step3 * LANES] * strength_of(p + step3, c);
  }
  return vec4f(total(a0), total(a1), total(a2), total(a3));
}

@compute @workgroup_size(64)
fn each(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  let rows = params.fields - 1u;
  if (t >= params.batch * rows) { return; }
  let b = t / rows;
  let i = t % rows;
  for (var j = i + 1u; j < params.fields; j += 4u) {
    let products = four_products(b, i, j);
    let at = b * pair_count() + pair_of(i, j);
    q[at] = products.x;
    if (j + 1u < params.fields) { q[at + 1u] = products.y; }
    if (j + 2u < params.fields) { q[at + 2u] = products.z; }
    if (j + 3u < params.fields) { q[at + 3u] = products.w; }
  }
}

@compute @workgroup_size(64)
fn field_sums(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  let rows = params.fields - 1u;
  if (t >= params.batch * rows) { return; }
  let b = t / rows;
  let i = t % rows;
  var sum = 0.0;
  for (var j = i + 1u; j < params.fields; j += 4u) {
    let products = four_products(b, i, j);
    sum += products.x;
    if (j + 1u < params.fields) { sum += products.y; }
    if (j + 2u < params.fields) { sum += products.z; }
    if (j + 3u < params.fields) { sum += products.w; }
  }
  q[t] = sum;
}

@compute @workgroup_size(64)
fn row_sums(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b >= params.batch) { return; }
  let rows = params.fields - 1u;
  var sum = 0.0;
  for (var i = 0u; i < rows; i++) { sum += part[b * rows + i]; }
  q[b] = sum;
}

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let parts = (LANES + SPAN - 1u) / SPAN;
  let t = linear_group(group, groups) * 64u + lane;
  let row = t / parts;
  if (row >= params.batch * params.fields) { return; }
  let b = row / params.fields;
  let i = row % params.fields;
  let c = t % parts * SPAN;
  var d0 = Lane();
  var d1 = Lane();
  var d2 = Lane();
  var d3 = Lane();
  for (var j = 0u; j < params.fields; j++) {
    if (j == i) { continue; }
    let p = pair_of(min(i, j), max(i, j));
    let g = upstream(b, p);
    let other = (b * params.fields + j) * LANES + c;
    d0 += g * e[other] * strength_of(p, c);
    if (SPAN > 1u && c + 1u < LANES) { d1 += g * e[other + 1u] * strength_of(p, c + 1u); }
    if (SPAN > 2u && c + 2u < LANES) { d2 += g * e[other + 2u] * strength_of(p, c + 2u); }
    if (SPAN > 3u && c + 3u < LANES) { d3 += g * e[other + 3u] * strength_of(p, c + 3u); }
  }
  let at = row * LANES + c;
  de[at] = d0;
  if (SPAN > 1u && c + 1u < LANES) { de[at + 1u] = d1; }
  if (SPAN > 2u && c + 2u < LANES) { de[at + 2u] = d2; }
  if (SPAN > 3u && c + 3u < LANES) { de[at + 3u] = d3; }
}

@compute @workgroup_size(64)
fn slices(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  let width = pair_count() * STRENGTH_LANES;
  if (t >= SLICES * width) { return; }
  let p = t % width / STRENGTH_LANES;
  let pair = fields_of(p);
  let rows = (params.batch + SLICES - 1u) / SLICES;
  let first = t / width * rows;
  var sum = Lane();
  for (var b = first; b < min(first + rows, params.batch); b++) {
    let left = (b * params.fields + pair.x) * LANES;
    let right = (b * params.fields + pair.y) * LANES;
    var product = Lane();
    for (var c = t % STRENGTH_LANES; c < LANES; c += STRENGTH_LANES) { product += e[left + c] * e[right + c]; }
    sum += upstream(b, p) * product;
  }
  partial[t] = sum;
}

fn sum_of_slices(i: u32, width: u32) -> Lane {
  var sum = Lane();
  for (var s = 0u; s < SLICES; s++) { sum += slice[s * width + i]; }
  return sum;
}

@compute @workgroup_size(64)
fn strengths(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let p = linear_group(group, groups) * 64u + lane;
  if (p < pair_count()) { dnumber[p] = total(sum_of_slices(p, pair_count())); }
}

@compute @workgroup_size(64)
fn strengths_by_lane(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let width = pair_count() * LANES;
  if (i < width) { dvector[i] = sum_of_slices(i, width); }
}
