// Rows of a table of float16 numbers, two in a word; no entry points.
//   table_lane(row, c)  table[row, c], lane c
// Shapes: table [rows, STRIDE], D numbers of each row and where D is odd and not 1 one that pads it.
const STRIDE: u32 = 4u;  // numbers from one row of the table to the next
@group(0) @binding(2) var<storage, read> table: array<u32>;

fn table_lane(row: u32, c: u32) -> Lane {
  let at = row * STRIDE + c * LANE_WIDTH;
  let pair = unpack2x16float(table[at / 2u]);
  if (LANE_WIDTH == 1u) { return lane_from(vec4f(select(pair.x, pair.y, (at & 1u) == 1u), 0.0, 0.0, 0.0)); }
  if (LANE_WIDTH == 2u) { return lane_from(vec4f(pair, 0.0, 0.0)); }
  return lane_from(vec4f(pair, unpack2x16float(table[at / 2u + 1u])));
}
