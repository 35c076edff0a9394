// Weighted inner products of all pairs i < j of fields, each or summed.
//   each          q[b, p] = sum_d s_p[d] e[b, i, d] e[b, j, d]
//   block_sums    part[b, k] = sum of q[b, p] over the pairs whose i is in block k;  row_sums  y[b] = sum_k part[b, k]
// s_p is 1, a number, or a vector of D. Shapes: e, de [B, F, D]; q, dq [B, P] or dq [B]; f32.
// Shapes of part: [B, ceil(F / 4)], a number for each block of four fields.
// Grid: each, block_sums one invocation per (4 fields i, b); row_sums per b. A block of four fields by four is held in
// registers: 8 loads for 16 products. Fixed orders, no atomics. The bindings are those of pair_product_backward.wgsl too.
// Needs pair_order.wgsl.
const LANES: u32 = 4u;             // lanes of D
const STRENGTH_LANES: u32 = 1u;    // lanes of s_p: 1 where it is a number
const HAS_STRENGTHS: bool = true;  // whether s_p is other than 1
const SUMMED: bool = false;        // whether dq is [B]
const SLICES: u32 = 64u;           // slices of the batch
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

// First lane of field f of sample b; past the last field it is that one's.
fn row_at(b: u32, f: u32) -> u32 {
  return (b * params.fields + min(f, params.fields - 1u)) * LANES;
}

// Both sides are always computed: a short cut is a branch, and see put_row.
fn is_pair(i: u32, j: u32) -> bool {
  return (i < j) & (j < params.fields);
}

// A term of the product of the fields i and j; anything where they are no pair.
fn term(left: Lane, right: Lane, i: u32, j: u32, c: u32) -> Lane {
  if (STRENGTH_LANES == 1u) { return left * right; }
  return left * right * strength_of(pair_of(i, max(j, i + 1u)), c);
}

// The sum of a product's lanes, 0 where the fields are no pair.
fn finish(product: Lane, i: u32, j: u32) -> f32 {
  if (!is_pair(i, j)) { return 0.0; }
  if (STRENGTH_LANES > 1u) { return total(product); }
  return total(product * strength_of(pair_of(i, j), 0u));
}

// The products of the fields i to i + 3 of sample b with j to j + 3, a row for each i; 0 for what is no pair i < j.
fn block_of(b: u32, i: u32, j: u32) -> mat4x4f {
  var s00 = Lane();
  var s01 = Lane();
  var s02 = Lane();
  var s03 = Lane();
  var s10 = Lane();
  var s11 = Lane();
  var s12 = Lane();
  var s13 = Lane();
  var s20 = Lane();
  var s21 = Lane();
  var s22 = Lane();
  var s23 = Lane();
  var s30 = Lane();
  var s31 = Lane();
  var s32 = Lane();
  var s33 = Lane();
  for (var c = 0u; c < LANES; c++) {
    let x0 = e[row_at(b, j) + c];
    let x1 = e[row_at(b, j + 1u) + c];
    let x2 = e[row_at(b, j + 2u) + c];
    let x3 = e[row_at(b, j + 3u) + c];
    let y0 = e[row_at(b, i) + c];
    s00 += term(y0, x0, i, j, c);
    s01 += term(y0, x1, i, j + 1u, c);
    s02 += term(y0, x2, i, j + 2u, c);
    s03 += term(y0, x3, i, j + 3u, c);
    let y1 = e[row_at(b, i + 1u) + c];
    s10 += term(y1, x0, i + 1u, j, c);
    s11 += term(y1, x1, i + 1u, j + 1u, c);
    s12 += term(y1, x2, i + 1u, j + 2u, c);
    s13 += term(y1, x3, i + 1u, j + 3u, c);
    let y2 = e[row_at(b, i + 2u) + c];
    s20 += term(y2, x0, i + 2u, j, c);
    s21 += term(y2, x1, i + 2u, j + 1u, c);
    s22 += term(y2, x2, i + 2u, j + 2u, c);
    s23 += term(y2, x3, i + 2u, j + 3u, c);
    let y3 = e[row_at(b, i + 3u) + c];
    s30 += term(y3, x0, i + 3u, j, c);
    s31 += term(y3, x1, i + 3u, j + 1u, c);
    s32 += term(y3, x2, i + 3u, j + 2u, c);
    s33 += term(y3, x3, i + 3u, j + 3u, c);
  }
  return mat4x4f(
    finish(s00, i, j), finish(s01, i, j + 1u), finish(s02, i, j + 2u), finish(s03, i, j + 3u),
    finish(s10, i + 1u, j), finish(s11, i + 1u, j + 1u), finish(s12, i + 1u, j + 2u), finish(s13, i + 1u, j + 3u),
    finish(s20, i + 2u, j), finish(s21, i + 2u, j + 1u), finish(s22, i + 2u, j + 2u), finish(s23, i + 2u, j + 3u),
    finish(s30, i + 3u, j), finish(s31, i + 3u, j + 1u), finish(s32, i + 3u, j + 2u), finish(s33, i + 3u, j + 3u),
  );
}

fn put(b: u32, i: u32, j: u32, product: f32) {
  if (is_pair(i, j)) { q[b * pair_count() + pair_of(i, j)] = product; }
}

// A loop, because sixteen branches in a row take SwiftShader gigabytes to compile.
fn put_row(b: u32, i: u32, j: u32, products: vec4f) {
  var row = products;
  for (var l = 0u; l < 4u; l++) { put(b, i, j + l, row[l]); }
}

@compute @workgroup_size(64)
fn each(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  let b = t % params.batch;
  let i = t / params.batch * 4u;
  for (var j = i; j < params.fields; j += 4u) {
    let products = block_of(b, i, j);
    put_row(b, i, j, products[0]);
    put_row(b, i + 1u, j, products[1]);
    put_row(b, i + 2u, j, products[2]);
    put_row(b, i + 3u, j, products[3]);
  }
}

@compute @workgroup_size(64)
fn block_sums(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  let b = t % params.batch;
  let i = t / params.batch * 4u;
  if (i >= params.fields) { return; }
  var sum = 0.0;
  for (var j = i; j < params.fields; j += 4u) {
    let products = block_of(b, i, j);
    let sums = (products[0] + products[1]) + (products[2] + products[3]);
    sum += (sums.x + sums.y) + (sums.z + sums.w);
  }
  q[b * ((params.fields + 3u) / 4u) + i / 4u] = sum;
}

@compute @workgroup_size(64)
fn row_sums(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b >= params.batch) { return; }
  let blocks = (params.fields + 3u) / 4u;
  var sum = 0.0;
  for (var k = 0u; k < blocks; k++) { sum += part[b * blocks + k]; }
  q[b] = sum;
}
