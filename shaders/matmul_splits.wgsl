// Sum of the splits of a product, in an order that depends on their number alone: bit-reproducible.
//   y[i] = sum_s parts[s, i], and the numbers past y's, the sums of columns, go to column_sums
// Shapes: parts [S, size + columns], y [size], column_sums [columns], all by lanes.
// Grid: a workgroup of 16 x 16 threads per 16 lanes; a thread adds every 16th split, and 16 threads' sums are added in
// order, so that loads do not wait for one another. Memory: 4 (S + 1) bytes per number.
struct Params {
  splits: u32,
  size: u32,     // lanes of y
  columns: u32,  // lanes of column_sums
}
@group(0) @binding(0) var<storage, read> parts: array<Lane>;
@group(0) @binding(1) var<storage, read_write> y: array<Lane>;
@group(0) @binding(2) var<storage, read_write> column_sums: array<Lane>;
@group(0) @binding(3) var<uniform> params: Params;

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
