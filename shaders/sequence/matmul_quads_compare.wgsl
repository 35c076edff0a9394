// Loads and stores of matmul.wgsl for products with (q, k, q - k, q * k), a target beside the items of a history: what is
// multiplied is formed here, as it is loaded. Needs epilogue1.wgsl.
// Shapes: a are the items [B PLACES, 4 FOURS], target_row [B, 4 FOURS] or, BY_PLACE, [B PLACES, 4 FOURS], b [16 FOURS, N]
// or, where a is transposed, [B PLACES, N].
override PLACES: u32 = 1;
override FOURS: u32 = 1;
override BY_PLACE: bool = false;
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<Lanes>;
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

fn b_quad(row: u32, column: u32, rows: u32, columns: u32) -> vec4f {
  var quad = vec4f();
  if (row >= rows) { return quad; }
  let at = row * params.n + column;
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
