// Loads of a for matmul.wgsl in products with (q, k, q - k, q * k), a target beside the items of a history: what is
// multiplied is formed here, as it is loaded. Needs matmul_quads1_b.wgsl.
// Shapes: a are the items [B PLACES, 4 FOURS], target_row [B, 4 FOURS] or, BY_PLACE, [B PLACES, 4 FOURS], b [16 FOURS, N]
// or, where a is transposed, [B PLACES, N].
override PLACES: u32 = 1;
override FOURS: u32 = 1;
override BY_PLACE: bool = false;
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(9) var<storage, read> target_row: array<vec4f>;

// Four numbers of a row, which is a place of the batch's histories, whether a is transposed or not.
fn a_quad(row: u32, column: u32, rows: u32, columns: u32) -> vec4f {
  if (row >= rows || column >= columns) { return vec4f(); }
  let four = column / 4u;
  let n = four % FOURS;
  let q = target_row[select(row / PLACES, row, BY_PLACE) * FOURS + n];
  let part = four / FOURS;
  if (part == 0u) { return q; }
  let k = a[row * FOURS + n];
  if (part == 1u) { return k; }
  return select(q * k, q - k, part == 2u);
}
