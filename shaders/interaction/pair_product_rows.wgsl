// Inner products of all pairs i < j of fields and their gradient by the fields, for GPUs.
//   each      q[b, p] = s_p sum_d e[b, i, d] e[b, j, d]
//   backward  de[b, i, :] = sum_{j != i} g_p s_p e[b, j, :]  with g_p = dq[b, p], or dq[b] where q was summed
// s_p is 1 or a number. Shapes: e, de [B, F, D]; q, dq [B, P] or dq [B]; f32. Grid: one thread per (b, field), which holds
// a row of e or de, so that neighbors write the products of neighboring pairs. Fixed orders, no atomics.
// Needs field_rows.wgsl and pair_order.wgsl.
const HAS_STRENGTHS: bool = true;  // whether s_p is other than 1
const SUMMED: bool = false;        // whether dq is [B]

struct Params { batch: u32, fields: u32 }
@group(0) @binding(0) var<storage, read> e: array<Lane>;
@group(0) @binding(1) var<storage, read> strength: array<f32>;
@group(0) @binding(2) var<storage, read> dq: array<f32>;
@group(0) @binding(3) var<storage, read_write> q: array<f32>;
@group(0) @binding(4) var<storage, read_write> de: array<Lane>;
@group(0) @binding(5) var<uniform> params: Params;

// Row of field f of sample b; past the last field it is that one's.
fn row_of(b: u32, f: u32) -> Row {
  return row_of_e((b * params.fields + min(f, params.fields - 1u)) * LANES);
}

fn put(b: u32, i: u32, j: u32, product: f32) {
  if (i >= j) { return; }
  let p = pair_of(i, j);
  var result = product;
  if (HAS_STRENGTHS) { result *= strength[p]; }
  q[b * pair_count() + p] = result;
}

@compute @workgroup_size(64)
fn each(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  if (t >= params.batch * params.fields) { return; }
  let b = t / params.fields;
  let j = t % params.fields;
  let own = row_of_e(t * LANES);
  for (var i = 0u; i < j; i += 4u) {
    let x0 = row_of(b, i);
    let x1 = row_of(b, i + 1u);
    let x2 = row_of(b, i + 2u);
    let x3 = row_of(b, i + 3u);
    put(b, i, j, inner(own, x0));
    put(b, i + 1u, j, inner(own, x1));
    put(b, i + 2u, j, inner(own, x2));
    put(b, i + 3u, j, inner(own, x3));
  }
}

// What the product of two fields weighs in the gradient; 0 where they are no pair.
fn weight_of(b: u32, i: u32, j: u32) -> f32 {
  if (i == j || j >= params.fields) { return 0.0; }
  let p = pair_of(min(i, j), max(i, j));
  var weight = 1.0;
  if (HAS_STRENGTHS) { weight = strength[p]; }
  if (SUMMED) { return weight * dq[b]; }
  return weight * dq[b * pair_count() + p];
}

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  if (t >= params.batch * params.fields) { return; }
  let b = t / params.fields;
  let i = t % params.fields;
  var sum = Row();
  for (var j = 0u; j < params.fields; j += 4u) {
    let weights = vec4f(weight_of(b, i, j), weight_of(b, i, j + 1u), weight_of(b, i, j + 2u), weight_of(b, i, j + 3u));
    let x0 = row_of(b, j);
    let x1 = row_of(b, j + 1u);
    let x2 = row_of(b, j + 2u);
    let x3 = row_of(b, j + 3u);
    sum = plus(plus(plus(plus(sum, weights.x, x0), weights.y, x1), weights.z, x2), weights.w, x3);
  }
  let at = t * LANES;
  de[at] = sum.v0;
  if (LANES > 1u) { de[at + 1u] = sum.v1; }
  if (LANES > 2u) { de[at + 2u] = sum.v2; }
  if (LANES > 3u) { de[at + 3u] = sum.v3; }
}
