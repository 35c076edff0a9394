// Loads of a and stores of matmul.wgsl where the rows of a, b and y divide into fours: vectors. Needs epilogue4.wgsl and a
// part that declares store_lanes.
@group(0) @binding(0) var<storage, read> a: array<Lanes>;

// Four numbers of a row of a as it is stored; zeros past its rows and columns.
fn a_quad(row: u32, column: u32, rows: u32, columns: u32) -> vec4f {
  if (row >= rows || column >= columns) { return vec4f(); }
  let at = (row * select(params.k, params.m, A_TRANSPOSED) + column) / 4u;
  return a[at];
}

fn store(split: u32, m: u32, n: u32, sum: vec4f) {
  store_lanes(split, (m * params.n + n) / 4u, n / 4u, sum);
}
