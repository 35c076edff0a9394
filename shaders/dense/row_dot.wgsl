// Products of the rows of two matrices, for GPUs.
//   row_dot   sums[r] = sum_n a[r, n] b[r, n]
// Shapes: a, b [rows, width] in lanes; sums [rows]; f32.
// Grid: THREADS threads of a workgroup of 256 share a row. Each adds every THREADS-th lane, four at a time, and their sums are
// added in a fixed tree: bit-reproducible.
const THREADS: u32 = 1u;  // of a row, a power of two

struct Params { rows: u32, width: u32 }
@group(0) @binding(0) var<storage, read> a: array<Lane>;
@group(0) @binding(1) var<storage, read> b: array<Lane>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> shares: array<f32, 256>;

// The product of a lane, or 0 past the end: loads past it are of the last lane, so that none waits for a branch.
fn term(first: u32, n: u32) -> Lane {
  let at = first + min(n, params.width - 1u);
  return select(Lane(), a[at] * b[at], n < params.width);
}

fn halve(half: u32, thread: u32) {
  workgroupBarrier();
  if (thread % THREADS < half) { shares[thread] += shares[thread + half]; }
}

@compute @workgroup_size(256)
fn row_dot(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = linear_group(group, groups) * (256u / THREADS) + thread / THREADS;
  let first = min(row, params.rows - 1u) * params.width;
  var sum = Lane();
  for (var n = thread % THREADS; n < params.width; n += 4u * THREADS) {
    let left = term(first, n) + term(first, n + THREADS);
    sum += left + (term(first, n + 2u * THREADS) + term(first, n + 3u * THREADS));
  }
  shares[thread] = total(sum);
  if (THREADS > 128u) { halve(128u, thread); }
  if (THREADS > 64u) { halve(64u, thread); }
  if (THREADS > 32u) { halve(32u, thread); }
  if (THREADS > 16u) { halve(16u, thread); }
  if (THREADS > 8u) { halve(8u, thread); }
  if (THREADS > 4u) { halve(4u, thread); }
  if (THREADS > 2u) { halve(2u, thread); }
  if (THREADS > 1u) { halve(1u, thread); }
  if (thread % THREADS == 0u && row < params.rows) { sums[row] = shares[thread]; }
}
