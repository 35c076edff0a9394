// A matrix product for each sample: y[b] = op(a[b]) op(b[b]), either factor as it is or transposed.
// Shapes: y [B, M, N]; a [B, M, K] or [B, K, M]; b [B, K, N] or [B, N, K]; f32. Strides tell rows from columns.
// Grid: one invocation per tile of ROWS x COLUMNS of y, which it keeps in registers. Fixed order, no atomics.
const ROWS: u32 = 4u;
const COLUMNS: u32 = 4u;

struct Params { batch: u32, m: u32, n: u32, k: u32, a_row: u32, a_inner: u32, b_column: u32, b_inner: u32 }
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn product(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let across = (params.n + COLUMNS - 1u) / COLUMNS;
  let down = (params.m + ROWS - 1u) / ROWS;
  let sample = i / across / down;
  if (sample >= params.batch) { return; }
  let row = i / across % down * ROWS;
  let column = i % across * COLUMNS;
  // Rows and columns past the last are loaded as the last, and not stored.
  var a_first: array<u32, ROWS>;
  var b_first: array<u32, COLUMNS>;
  for (var r = 0u; r < ROWS; r++) {
    a_first[r] = sample * params.m * params.k + min(row + r, params.m - 1u) * params.a_row;
  }
  for (var c = 0u; c < COLUMNS; c++) {
    b_first[c] = sample * params.k * params.n + min(column + c, params.n - 1u) * params.b_column;
  }
  var sums: array<array<f32, COLUMNS>, ROWS>;
  for (var k = 0u; k < params.k; k++) {
    var right: array<f32, COLUMNS>;
    for (var c = 0u; c < COLUMNS; c++) { right[c] = b[b_first[c] + k * params.b_inner]; }
    for (var r = 0u; r < ROWS; r++) {
      let left = a[a_first[r] + k * params.a_inner];
      for (var c = 0u; c < COLUMNS; c++) { sums[r][c] += left * right[c]; }
    }
  }
  for (var r = 0u; r < min(ROWS, params.m - row); r++) {
    for (var c = 0u; c < min(COLUMNS, params.n - column); c++) {
      y[(sample * params.m + row + r) * params.n + column + c] = sums[r][c];
    }
  }
}
