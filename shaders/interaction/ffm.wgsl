// Field-aware factorization machine (Juan, Zhuang, Chin, Lin, RecSys 2016) and what goes with it.
// A value of field i has F - 1 vectors, one for each other field j: v(i, j) is number j - 1 for j > i, number j for j < i.
//   field_sums    part[b, i] = sum_{j>i} <v(i, j), v(j, i)>;  row_sums  y[b] = sum_i part[b, i]
//   products      y[b, p] = <v(i, j), v(j, i)> for the p-th pair i < j
//   backward      dv(i, j) = dy v(j, i), dy the sample's or, where pairs have numbers of their own (EACH), the pair's
//   inverse_norm  y[b] = 1 / sum_f values[f, b]^2
// Shapes: v, dv [B, F, (F - 1) D]; part [B, F - 1]; y, dy [B, 1] or [B, F (F - 1) / 2]; values [F, B]; f32.
// Grid: field_sums, products one invocation per (b, i < F - 1); backward per (b, i, j, SPAN lanes); row_sums, inverse_norm per b.
// Memory: each vector is read once each way. Fixed order, no atomics.
const LANES: u32 = 4u;  // lanes of D
const SPAN: u32 = 4u;   // lanes that one invocation of backward computes
const EACH: bool = false;

struct Params { batch: u32, fields: u32 }
@group(0) @binding(0) var<storage, read> v: array<Lane>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read> part: array<f32>;
@group(0) @binding(4) var<storage, read_write> dv: array<Lane>;
@group(0) @binding(5) var<storage, read> values: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

// First lane of vector `number` of field i of sample b.
fn vector_at(b: u32, i: u32, number: u32) -> u32 {
  return ((b * params.fields + i) * (params.fields - 1u) + number) * LANES;
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
  var sum = Lane();
  for (var j = i + 1u; j < params.fields; j++) {
    let left = vector_at(b, i, j - 1u);
    let right = vector_at(b, j, i);
    for (var c = 0u; c < LANES; c++) { sum += v[left + c] * v[right + c]; }
  }
  y[t] = total(sum);
}

// Number of the pair (i, i + 1); those of i follow it.
fn first_pair(i: u32) -> u32 {
  return i * (2u * params.fields - i - 1u) / 2u;
}

@compute @workgroup_size(64)
fn products(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  let rows = params.fields - 1u;
  if (t >= params.batch * rows) { return; }
  let b = t / rows;
  let i = t % rows;
  let first = b * params.fields * rows / 2u + first_pair(i);
  for (var j = i + 1u; j < params.fields; j++) {
    let left = vector_at(b, i, j - 1u);
    let right = vector_at(b, j, i);
    var sum = Lane();
    for (var c = 0u; c < LANES; c++) { sum += v[left + c] * v[right + c]; }
    y[first + j - i - 1u] = total(sum);
  }
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
  y[b] = sum;
}

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let parts = (LANES + SPAN - 1u) / SPAN;
  let t = linear_group(group, groups) * 64u + lane;
  let number = t / parts % (params.fields - 1u);
  let row = t / parts / (params.fields - 1u);
  if (row >= params.batch * params.fields) { return; }
  let b = row / params.fields;
  let i = row % params.fields;
  let j = select(number + 1u, number, number < i);
  let other = vector_at(b, j, select(i, i - 1u, j < i));
  let at = vector_at(b, i, number);
  let pair = first_pair(min(i, j)) + max(i, j) - min(i, j) - 1u;
  let d = dy[select(b, b * params.fields * (params.fields - 1u) / 2u + pair, EACH)];
  let first = t % parts * SPAN;
  for (var c = first; c < min(first + SPAN, LANES); c++) { dv[at + c] = d * v[other + c]; }
}

@compute @workgroup_size(64)
fn inverse_norm(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b >= params.batch) { return; }
  var sum = 0.0;
  for (var f = 0u; f < params.fields; f++) {
    let value = values[f * params.batch + b];
    sum += value * value;
  }
  y[b] = select(0.0, 1.0 / sum, sum > 0.0);
}
