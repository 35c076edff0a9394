// Loads of b for matmul.wgsl where a row does not divide into fours: one number at a time. Needs epilogue1.wgsl.
@group(0) @binding(1) var<storage, read> b: array<Lanes>;

// Four numbers of a row of b as it is stored; zeros past its rows and columns.
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
