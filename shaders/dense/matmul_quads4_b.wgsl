// Loads of b for matmul.wgsl where its rows divide into fours: vectors. Needs epilogue4.wgsl.
@group(0) @binding(1) var<storage, read> b: array<Lanes>;

// Four numbers of a row of b as it is stored; zeros past its rows and columns.
fn b_quad(row: u32, column: u32, rows: u32, columns: u32) -> vec4f {
  if (row >= rows || column >= columns) { return vec4f(); }
  let at = (row * select(params.n, params.k, B_TRANSPOSED) + column) / 4u;
  return b[at];
}
