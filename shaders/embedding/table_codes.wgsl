// Rows of a table of integer codes with a center and a scale a row; no entry points.
//   table_lane(row, c)  center[row] + scale[row] (code[row, c] - (2^BITS - 1) / 2), lane c
// Shapes: table [rows, STRIDE]: a word with the upper halves of the float32 numbers center and scale, then the codes of a
// row, the first one in the lowest bits. All products are exact in float32, so that each device rounds the sum alike.
const STRIDE: u32 = 5u;  // words from one row of the table to the next
const BITS: u32 = 8u;    // of a code: 8 or 4
@group(0) @binding(2) var<storage, read> table: array<u32>;

fn table_lane(row: u32, c: u32) -> Lane {
  let start = row * STRIDE;
  let head = table[start];
  let first = c * LANE_WIDTH * BITS;
  let word = table[start + 1u + first / 32u] >> (first % 32u);
  let codes = vec4f((vec4u(word) >> (BITS * vec4u(0u, 1u, 2u, 3u))) & vec4u((1u << BITS) - 1u));
  let middle = 0.5 * f32((1u << BITS) - 1u);
  let center = bitcast<f32>(head & 0xffff0000u);
  let scale = bitcast<f32>(head << 16u);
  return lane_from(vec4f(center) + scale * (codes - vec4f(middle)));
}
