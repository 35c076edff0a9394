// Sums of products of two matrices by column, for GPUs.
//   sum        parts[s, n] = sum_m a[m, n] b[m, n] over the rows m of split s, with min(b, 0) in place of b where BENT
//   whole      parts[n] = sum_m a[m, n] b[m, n] over all rows m
//   dot_share  shares[w] = sum_i a[i] b[i] over the share w of two vectors
// Shapes: a, b [M, N] or [M], parts [S, N] or [N]; f32.
// Needs column_splits.wgsl, which has sum. Grid: whole has a workgroup per lane, dot_share one per share, whose 256 threads add
// every 256th row or lane and are folded in a fixed tree. Memory: 4 bytes per number. No atomics, fixed order of sums:
// bit-reproducible.
override BENT: bool = false;

struct Params {
  rows: u32,
  lanes: u32,  // lanes of a row
  split_rows: u32,
  shares: u32,
}
@group(0) @binding(0) var<storage, read> a: array<Lane>;
@group(0) @binding(1) var<storage, read> b: array<Lane>;
@group(0) @binding(2) var<storage, read_write> parts: array<Lane>;
@group(0) @binding(3) var<uniform> params: Params;
@group(0) @binding(4) var<storage, read_write> shares: array<f32>;

var<workgroup> tree: array<Lane, 256>;

// The product of a row, or 0 past the end: loads past it are of the last row, so that none waits for a branch.
fn term(row: u32, column: u32, end: u32) -> Lane {
  let at = min(row, end - 1u) * params.lanes + column;
  var factor = b[at];
  if (BENT) { factor = min(factor, Lane()); }
  return select(Lane(), a[at] * factor, row < end);
}

fn halve(half: u32, thread: u32) {
  workgroupBarrier();
  if (thread < half) { tree[thread] += tree[thread + half]; }
}

// The sum of every `apart`-th row from the first one on, added to the other threads' sums for the first thread.
fn folded(first: u32, column: u32, apart: u32, thread: u32) -> Lane {
  var sum = Lane();
  let end = params.rows;
  for (var row = first; row < end; row += 4u * apart) {
    let left = term(row, column, end) + term(row + apart, column, end);
    sum += left + (term(row + 2u * apart, column, end) + term(row + 3u * apart, column, end));
  }
  tree[thread] = sum;
  halve(128u, thread);
  halve(64u, thread);
  halve(32u, thread);
  halve(16u, thread);
  halve(8u, thread);
  halve(4u, thread);
  halve(2u, thread);
  halve(1u, thread);
  return tree[0];
}

@compute @workgroup_size(256)
fn whole(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let column = linear_group(group, groups);
  let sum = folded(thread, min(column, params.lanes - 1u), 256u, thread);
  if (thread == 0u && column < params.lanes) { parts[column] = sum; }
}

@compute @workgroup_size(256)
fn dot_share(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let share = linear_group(group, groups);
  let sum = folded(share * 256u + thread, 0u, 256u * params.shares, thread);
  if (thread == 0u && share < params.shares) { shares[share] = total(sum); }
}
