// Sum of the splits of a product, in an order that depends on their number alone: bit-reproducible.
//   sum, sum_with_columns  y[i] = sum_s parts[s, i], and the numbers past y's, the sums of columns, go to column_sums
//   sum_apart3, sum_apart4  y_p[m, n] = sum_s parts[s, m, p N + n]: so many matrices of N columns, which are side by side
//   sum_beside  of parts (parts_0 | parts_1), of FIRST and N - FIRST columns, y0 and y1 with the sums of their columns y2, y3
// Shapes: parts [S, size + columns], y [size], column_sums [columns], y_p [M, N], all by lanes.
// Grid: a workgroup of 16 x 16 threads per 16 lanes; a thread adds every 16th split, and 16 threads' sums are added in
// order, so that loads do not wait for one another. Memory: 4 (S + 1) bytes per number.
struct Params {
  splits: u32,
  size: u32,     // lanes of y
  columns: u32,  // lanes of column_sums
  width: u32,    // lanes of N
  count: u32,    // matrices side by side, or lanes of FIRST
}
@group(0) @binding(0) var<storage, read> parts: array<Lane>;
@group(0) @binding(1) var<storage, read_write> y: array<Lane>;
@group(0) @binding(2) var<storage, read_write> column_sums: array<Lane>;
@group(0) @binding(3) var<uniform> params: Params;
@group(0) @binding(4) var<storage, read_write> y0: array<Lane>;
@group(0) @binding(5) var<storage, read_write> y1: array<Lane>;
@group(0) @binding(6) var<storage, read_write> y2: array<Lane>;
@group(0) @binding(7) var<storage, read_write> y3: array<Lane>;

var<workgroup> partial: array<array<Lane, 16>, 16>;

// Returns the sum of lane i, to the threads with id.y = 0.
fn total_of(i: u32, id: vec3u) -> Lane {
  let split = params.size + params.columns;
  var sum = Lane();
  if (i < split) {
    for (var s = id.y; s < params.splits; s += 16u) { sum += parts[s * split + i]; }
  }
  partial[id.y][id.x] = sum;
  workgroupBarrier();
  if (id.y > 0u) { return sum; }
  for (var row = 1u; row < min(16u, params.splits); row++) { sum += partial[row][id.x]; }
  return sum;
}

@compute @workgroup_size(16, 16)
fn sum(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let i = linear_group(group, groups) * 16u + id.x;
  let total = total_of(i, id);
  if (id.y == 0u && i < params.size) { y[i] = total; }
}

@compute @workgroup_size(16, 16)
fn sum_with_columns(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let i = linear_group(group, groups) * 16u + id.x;
  let total = total_of(i, id);
  if (id.y > 0u) { return; }
  if (i < params.size) {
    y[i] = total;
  } else if (i < params.size + params.columns) {
    column_sums[i - params.size] = total;
  }
}

// Where lane i of matrices side by side goes: the number of the matrix, and the lane there.
fn place_apart(i: u32) -> vec2u {
  let number = i / params.width;
  return vec2u(number % params.count, number / params.count * params.width + i % params.width);
}

@compute @workgroup_size(16, 16)
fn sum_apart3(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let i = linear_group(group, groups) * 16u + id.x;
  let total = total_of(i, id);
  if (id.y > 0u || i >= params.size) { return; }
  let place = place_apart(i);
  switch place.x {
    case 0u: { y0[place.y] = total; }
    case 1u: { y1[place.y] = total; }
    default: { y2[place.y] = total; }
  }
}

@compute @workgroup_size(16, 16)
fn sum_apart4(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let i = linear_group(group, groups) * 16u + id.x;
  let total = total_of(i, id);
  if (id.y > 0u || i >= params.size) { return; }
  let place = place_apart(i);
  switch place.x {
    case 0u: { y0[place.y] = total; }
    case 1u: { y1[place.y] = total; }
    case 2u: { y2[place.y] = total; }
    default: { y3[place.y] = total; }
  }
}

@compute @workgroup_size(16, 16)
fn sum_beside(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let i = linear_group(group, groups) * 16u + id.x;
  let total = total_of(i, id);
  if (id.y > 0u || i >= params.size + params.columns) { return; }
  let row = i / params.width;
  let n = i % params.width;
  let is_sum = i >= params.size;
  if (n < params.count) {
    if (is_sum) { y2[n] = total; } else { y0[row * params.count + n] = total; }
  } else {
    let after = n - params.count;
    if (is_sum) { y3[after] = total; } else { y1[row * (params.width - params.count) + after] = total; }
  }
}
