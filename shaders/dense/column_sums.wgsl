// Sums of a matrix's columns, for GPUs.
//   sum         parts[s, n] = sum_m u[m] a[m, n] over the rows m of split s; u is 1 unless WEIGHTED, and column N, where
//               parts have one, is the sum of u
//   fold        parts[n] = sum_m u[m] a[m, n] over at most 256 rows: a small matrix, or the parts of splits
//   fold_pair   the same for n < N of rows of 2 N columns, and second[n] = sum_m a[m, N + n]
//   fold_whole  the same for n < N of rows of N + 1 columns, and whole = sum_m a[m, N]
// Shapes: a [M, N], parts [S, N or N + 1] by lanes, u [M], y [N], second [N], whole [1]; f32.
// Needs column_splits.wgsl, which has sum. Grid: folds have a workgroup of 4 x 64 threads per 4 lanes; a thread loads four
// rows at once, and threads' sums are added in a fixed tree. Memory: 4 bytes per number. No atomics, fixed order of sums:
// bit-reproducible.
override WEIGHTED: bool = false;

struct Params {
  rows: u32,
  stride: u32,  // lanes of a row of a
  lanes: u32,   // lanes that are summed
  split_rows: u32,
  share: f32,   // 1 / numbers of a lane
}
@group(0) @binding(0) var<storage, read> a: array<Lane>;
@group(0) @binding(1) var<storage, read> u: array<f32>;
@group(0) @binding(2) var<storage, read_write> parts: array<Lane>;
@group(0) @binding(3) var<storage, read_write> whole: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;
@group(0) @binding(5) var<storage, read_write> second: array<Lane>;

var<workgroup> tree: array<array<Lane, 4>, 64>;

// The number of a row, or 0 past the end: loads past it are of the last row, so that none waits for a branch.
fn term(row: u32, column: u32, end: u32) -> Lane {
  let at = min(row, end - 1u);
  var number = a[at * params.stride + min(column, params.stride - 1u)];
  if (WEIGHTED) { number = u[at] * select(Lane(1.0), number, column < params.stride); }
  return select(Lane(), number, row < end);
}

fn halve(half: u32, id: vec2u) {
  workgroupBarrier();
  if (id.y < half) { tree[id.y][id.x] += tree[id.y + half][id.x]; }
}

// The sum of a column, for the first thread of it. Columns past the end repeat the last one.
fn folded(column: u32, id: vec2u) -> Lane {
  let lane = min(column, params.lanes - 1u);
  let left = term(id.y, lane, params.rows) + term(id.y + 64u, lane, params.rows);
  tree[id.y][id.x] = left + (term(id.y + 128u, lane, params.rows) + term(id.y + 192u, lane, params.rows));
  halve(32u, id);
  halve(16u, id);
  halve(8u, id);
  halve(4u, id);
  halve(2u, id);
  halve(1u, id);
  return tree[0][id.x];
}

@compute @workgroup_size(4, 64)
fn fold(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let column = linear_group(group, groups) * 4u + id.x;
  let sum = folded(column, id.xy);
  if (id.y == 0u && column < params.lanes) { parts[column] = sum; }
}

@compute @workgroup_size(4, 64)
fn fold_pair(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let column = linear_group(group, groups) * 4u + id.x;
  let sum = folded(column, id.xy);
  if (id.y > 0u || column >= params.lanes) { return; }
  let half = params.lanes / 2u;
  if (column < half) {
    parts[column] = sum;
  } else {
    second[column - half] = sum;
  }
}

@compute @workgroup_size(4, 64)
fn fold_whole(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let column = linear_group(group, groups) * 4u + id.x;
  let sum = folded(column, id.xy);
  if (id.y > 0u || column >= params.lanes) { return; }
  if (column + 1u < params.lanes) {
    parts[column] = sum;
  } else {
    // All numbers of this lane are the same, and as they are one, two or four, nothing is rounded.
    whole[0] = total(sum) * params.share;
  }
}
