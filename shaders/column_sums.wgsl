// Sums of a matrix's columns, for GPUs: parts[s, n] = sum_m u[m] a[m, n] over the rows m of split s; u is 1 unless WEIGHTED.
// Run once more over the parts as one split, it adds them up.
// Shapes: a [M, N], parts [S, N] by lanes, u [M]; f32.
// Grid: a workgroup of 16 x 16 threads per 16 lanes and split; a thread adds every 16th row, four loads at a time, and 16
// threads' sums are added in order. Memory: 4 bytes per number. No atomics, fixed order of sums: bit-reproducible.
override WEIGHTED: bool = false;

struct Params {
  rows: u32,
  lanes: u32,
  split_rows: u32,
}
@group(0) @binding(0) var<storage, read> a: array<Lane>;
@group(0) @binding(1) var<storage, read> u: array<f32>;
@group(0) @binding(2) var<storage, read_write> parts: array<Lane>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> partial: array<array<Lane, 16>, 16>;

// The number of a row, or 0 past the end: loads past it are of the last row, so that none waits for a branch.
fn term(row: u32, column: u32, end: u32) -> Lane {
  let at = min(row, end - 1u);
  var number = a[at * params.lanes + column];
  if (WEIGHTED) { number *= u[at]; }
  return select(Lane(), number, row < end);
}

@compute @workgroup_size(16, 16)
fn sum(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let across = (params.lanes + 15u) / 16u;
  let tile = linear_group(group, groups);
  let column = tile % across * 16u + id.x;
  let first = tile / across * params.split_rows;
  let end = min(first + params.split_rows, params.rows);
  var sum = Lane();
  if (column < params.lanes && first < end) {
    for (var row = first + id.y; row < end; row += 64u) {
      let left = term(row, column, end) + term(row + 16u, column, end);
      sum += left + (term(row + 32u, column, end) + term(row + 48u, column, end));
    }
  }
  partial[id.y][id.x] = sum;
  workgroupBarrier();
  if (id.y > 0u || column >= params.lanes || first >= end) { return; }
  for (var row = 1u; row < 16u; row++) { sum += partial[row][id.x]; }
  parts[tile / across * params.lanes + column] = sum;
}
