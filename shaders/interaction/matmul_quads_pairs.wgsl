// Loads of matmul.wgsl for gradients by weights over fields: y[(i, j), h] = sum_(b, d) x[b, i, d] x0[b, j, d]
// dz[b, h, d], or without PAIRS y[i, h] = sum_(b, d) x[b, i, d] dz[b, h, d]. Products of two fields are formed here, as
// they are loaded. Terms are (b, d), of which four d are neighbors; a is not transposed and b is.
// Shapes: a is x [B, LEFT, 4 FOURS], other is x0 [B, RIGHT, 4 FOURS], b is dz [B, N, 4 FOURS].
override PAIRS: bool = true;
override LEFT: u32 = 1;
override RIGHT: u32 = 1;
override FOURS: u32 = 1;
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(9) var<storage, read> other: array<vec4f>;

// Number of a four of a field's numbers, given the fields of a sample and the term.
fn place_of_term(fields: u32, field: u32, term: u32) -> u32 {
  let four = term / 4u;
  return (four / FOURS * fields + field) * FOURS + four % FOURS;
}

fn a_quad(row: u32, column: u32, rows: u32, columns: u32) -> vec4f {
  if (row >= rows || column >= columns) { return vec4f(); }
  let number = a[place_of_term(LEFT, row / RIGHT, column)];
  if (!PAIRS) { return number; }
  return number * other[place_of_term(RIGHT, row % RIGHT, column)];
}

fn b_quad(row: u32, column: u32, rows: u32, columns: u32) -> vec4f {
  if (row >= rows || column >= columns) { return vec4f(); }
  return b[place_of_term(params.n, row, column)];
}
