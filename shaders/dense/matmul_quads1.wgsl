// Loads and stores of matmul.wgsl where a row does not divide into fours: one number at a time. Needs epilogue1.wgsl.
@group(0) @binding(0) var<storage, read> a: array<Lanes>;
@group(0) @binding(1) var<storage, read> b: array<Lanes>;

// Four numbers of a row of a as it is stored; zeros past its rows and columns.
fn a_quad(row: u32, column: u32, rows: u32, columns: u32) -> vec4f {
  var quad = vec4f();
  if (row >= rows) { return quad; }
  let at = row * select(params.k, params.m, A_TRANSPOSED) + column;
  if (column < columns) { quad.x = a[at]; }
  if (column + 1u < columns) { quad.y = a[at + 1u]; }
  if (column + 2u < columns) { quad.z = a[at + 2u]; }
  if (column + 3u < columns) { quad.w = a[at + 3u]; }
  return quad;
}

fn b_quad(row: u32, column: u32, rows: u32, columns: u32) -> vec4f {
  var quad = vec4f();
  if (row >= rows) { return quad; }
  let at = row * select(params.n, params.k, B_TRANSPOSED) + column;
  if (column < columns) { quad.x = b[at]; }
  if (column + 1u < columns) { quad.y = b[at + 1u]; }
  if (column + 2u < columns) { quad.z = b[at + 2u]; }
  if (column + 3u < columns) { quad.w = b[at + 3u]; }
  return quad;
}

fn store(split: u32, m: u32, n: u32, sum: vec4f) {
  let at = m * params.n + n;
  store_lanes(split, at, n, sum.x);
  if (n + 1u < params.n) { store_lanes(split, at + 1u, n + 1u, sum.y); }
  if (n + 2u < params.n) { store_lanes(split, at + 2u, n + 2u, sum.z); }
  if (n + 3u < params.n) { store_lanes(split, at + 3u, n + 3u, sum.w); }
}
