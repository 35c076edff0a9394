// Loads of a for matmul.wgsl where a row does not divide into fours: one number at a time. Needs epilogue1.wgsl.
@group(0) @binding(0) var<storage, read> a: array<Lanes>;

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
