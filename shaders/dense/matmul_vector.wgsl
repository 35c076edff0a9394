// Products in which one matrix is a vector.
//   row_product    y[m] = dropout(act(sum_k a[m, k] v[k] + bias[0]))
//   row_product16  the same, 16 lanes per row so that neighbours read neighbouring numbers
//   outer          y[m, n] = u[m] v[n]
//   column_sum     parts[s, n] = sum_m u[m] a[m, n] over the rows m of slice s; u is 1 unless WEIGHTED
// Shapes: a [M, K] or [M, N], v [K] or [N], all by lanes; u, y [M]; f32.
// Grid: one invocation per row (a sixteenth of one), per lane of y, per lane of a column and slice.
// Memory: 4 bytes per number of the matrix. No atomics, fixed order of sums: bit-reproducible.
override BIAS: bool = false;
override WEIGHTED: bool = false;

struct Params {
  rows: u32,
  lanes: u32,  // lanes in a row of the matrix
  slice_rows: u32,
}
@group(0) @binding(0) var<storage, read> a: array<Lane>;
@group(0) @binding(1) var<storage, read> v: array<Lane>;
@group(0) @binding(2) var<storage, read> u: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> matrix: array<Lane>;
@group(0) @binding(6) var<uniform> params: Params;

var<workgroup> partial: array<f32, 256>;

fn store(row: u32, sum: f32) {
  var z = sum;
  if (BIAS) { z += bias[0]; }
  y[row] = activate(z) * dropout_scale(row);
}

@compute @workgroup_size(64)
fn row_product(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_group(group, groups) * 64u + lane;
  if (row >= params.rows) { return; }
  let first = row * params.lanes;
  var sum = Lane();
  for (var k = 0u; k < params.lanes; k++) { sum += a[first + k] * v[k]; }
  store(row, total(sum));
}

@compute @workgroup_size(256)
fn row_product16(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_group(group, groups) * 16u + lane / 16u;
  var sum = Lane();
  if (row < params.rows) {
    let first = row * params.lanes;
    for (var k = lane % 16u; k < params.lanes; k += 16u) { sum += a[first + k] * v[k]; }
  }
  partial[lane] = total(sum);
  workgroupBarrier();
  if (lane % 16u != 0u || row >= params.rows) { return; }
  var all = 0.0;
  for (var k = 0u; k < 16u; k++) { all += partial[lane + k]; }
  store(row, all);
}

@compute @workgroup_size(64)
fn outer(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.rows * params.lanes) { return; }
  matrix[i] = u[i / params.lanes] * v[i % params.lanes];
}

@compute @workgroup_size(64)
fn column_sum(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let first = i / params.lanes * params.slice_rows;
  if (first >= params.rows) { return; }
  let column = i % params.lanes;
  let end = min(first + params.slice_rows, params.rows);
  var sum = Lane();
  for (var row = first; row < end; row++) {
    let numbers = a[row * params.lanes + column];
    if (WEIGHTED) { sum += u[row] * numbers; } else { sum += numbers; }
  }
  matrix[i] = sum;
}
