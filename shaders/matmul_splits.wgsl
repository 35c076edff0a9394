// Sum of the splits of a product, in order: bit-reproducible.
//   y[i] = sum_s parts[s, i], and the numbers past y's, the sums of columns, go to column_sums
// Shapes: parts [S, size + columns], y [size], column_sums [columns], all by lanes.
// Grid: one thread per lane. Memory: 4 (S + 1) bytes per number.
struct Params {
  splits: u32,
  size: u32,     // lanes of y
  columns: u32,  // lanes of column_sums
}
@group(0) @binding(0) var<storage, read> parts: array<Lane>;
@group(0) @binding(1) var<storage, read_write> y: array<Lane>;
@group(0) @binding(2) var<storage, read_write> column_sums: array<Lane>;
@group(0) @binding(3) var<uniform> params: Params;

fn total_of(i: u32) -> Lane {
  let split = params.size + params.columns;
  var total = Lane();
  for (var s = 0u; s < params.splits; s++) { total += parts[s * split + i]; }
  return total;
}

@compute @workgroup_size(64)
fn sum(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = linear_group(group, groups) * 64u + thread;
  if (i < params.size) { y[i] = total_of(i); }
}

@compute @workgroup_size(64)
fn sum_with_columns(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = linear_group(group, groups) * 64u + thread;
  if (i >= params.size + params.columns) { return; }
  let total = total_of(i);
  if (i < params.size) { y[i] = total; } else { column_sums[i - params.size] = total; }
}
