// Rows of an embedding table as lookups read them; no entry points.
// Needs table_lane and weight_of, which read numbers as they are stored.
//   row_of(b, f)      the row of occurrence o = f B + b in the bound shard of the table
//   lane_of(row, c)   v[o] table[row, c], lane c
//   linear_of(row)    v[o] linear[row], the first-order weight
//   keep(b, f, c, x)  e[b, f, c] = x
// Shapes: ids, values [F, B] field-major; table [rows, D]; linear [rows, 1]; e [B, F, D], not padded.
// A row number outside of the shard reads as a row of zeros.
const LANES: u32 = 4u;           // lanes of D
const HAS_VALUES: bool = true;   // all values are 1 otherwise
const HAS_LINEAR: bool = true;
const KEEPS_ROWS: bool = true;   // whether anybody reads e

struct Params {
  batch: u32,
  fields: u32,
  first: u32,  // first row of the shard
  rows: u32,   // rows of the shard
  total: u32,  // rows of the table
}
@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(4) var<storage, read_write> e: array<Lane>;
@group(0) @binding(5) var<uniform> params: Params;

struct Row {
  number: u32,   // in the shard
  value: f32,
  inside: bool,  // of the shard
  missing: bool, // from the table
}

fn row_of(b: u32, f: u32) -> Row {
  let o = f * params.batch + b;
  let id = ids[o];
  let number = id - params.first;
  let inside = number < params.rows;
  var value = 1.0;
  if (HAS_VALUES) { value = values[o]; }
  return Row(select(0u, number, inside), value, inside, id >= params.total);
}

fn lane_of(row: Row, c: u32) -> Lane {
  return select(Lane(), row.value * table_lane(row.number, c), row.inside);
}

fn linear_of(row: Row) -> f32 {
  if (!HAS_LINEAR) { return 0.0; }
  return select(0.0, row.value * weight_of(row.number), row.inside);
}

fn keep(b: u32, f: u32, c: u32, x: Lane) {
  if (KEEPS_ROWS) { e[(b * params.fields + f) * LANES + c] = x; }
}
