// Rows of a table of float32 numbers; no entry points.
//   table_lane(row, c)  table[row, c], lane c
// Shapes: table [rows, D] with padded rows.
const STRIDE: u32 = 4u;  // lanes from one row of the table to the next
@group(0) @binding(2) var<storage, read> table: array<Lane>;

fn table_lane(row: u32, c: u32) -> Lane {
  return table[row * STRIDE + c];
}
