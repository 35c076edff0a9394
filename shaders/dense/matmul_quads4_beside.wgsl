// Loads of b for matmul.wgsl where it is two matrices (b | b1) of the same rows, which divide into fours: vectors. Needs
// epilogue4.wgsl. Transposed or not, a row of b as it is stored is one of both matrices.
// Shapes: b [rows, 4 FOURS], b1 [rows, the other columns].
override FOURS: u32 = 1;  // fours of a row of b
@group(0) @binding(1) var<storage, read> b: array<Lanes>;
@group(0) @binding(9) var<storage, read> b1: array<Lanes>;

// Four numbers of a row of (b | b1); zeros past its rows and columns.
fn b_quad(row: u32, column: u32, rows: u32, columns: u32) -> vec4f {
  if (row >= rows || column >= columns) { return vec4f(); }
  let four = column / 4u;
  if (four < FOURS) { return b[row * FOURS + four]; }
  let others = select(params.n, params.k, B_TRANSPOSED) / 4u - FOURS;
  return b1[row * others + four - FOURS];
}
