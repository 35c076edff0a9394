// Rows of at most four lanes in registers with names: an array that a loop indexes would be in slow memory of a GPU.
// No entry points; needs e, an array of lanes.
const LANES: u32 = 4u;  // lanes of a row, at most 4

// The lanes of a row.
struct Row { v0: Lane, v1: Lane, v2: Lane, v3: Lane }

fn row_of_e(at: u32) -> Row {
  var row = Row(e[at], Lane(), Lane(), Lane());
  if (LANES > 1u) { row.v1 = e[at + 1u]; }
  if (LANES > 2u) { row.v2 = e[at + 2u]; }
  if (LANES > 3u) { row.v3 = e[at + 3u]; }
  return row;
}

fn times(x: Row, y: Row) -> Row {
  var row = Row(x.v0 * y.v0, Lane(), Lane(), Lane());
  if (LANES > 1u) { row.v1 = x.v1 * y.v1; }
  if (LANES > 2u) { row.v2 = x.v2 * y.v2; }
  if (LANES > 3u) { row.v3 = x.v3 * y.v3; }
  return row;
}

fn scaled(x: Row, factor: f32) -> Row {
  return Row(x.v0 * factor, x.v1 * factor, x.v2 * factor, x.v3 * factor);
}

fn inner(x: Row, y: Row) -> f32 {
  var sum = x.v0 * y.v0;
  if (LANES > 1u) { sum += x.v1 * y.v1; }
  if (LANES > 2u) { sum += x.v2 * y.v2; }
  if (LANES > 3u) { sum += x.v3 * y.v3; }
  return total(sum);
}

fn plus(sum: Row, factor: f32, x: Row) -> Row {
  var row = Row(sum.v0 + factor * x.v0, Lane(), Lane(), Lane());
  if (LANES > 1u) { row.v1 = sum.v1 + factor * x.v1; }
  if (LANES > 2u) { row.v2 = sum.v2 + factor * x.v2; }
  if (LANES > 3u) { row.v3 = sum.v3 + factor * x.v3; }
  return row;
}

fn plus_product(sum: Row, x: Row, y: Row) -> Row {
  var row = Row(sum.v0 + x.v0 * y.v0, Lane(), Lane(), Lane());
  if (LANES > 1u) { row.v1 = sum.v1 + x.v1 * y.v1; }
  if (LANES > 2u) { row.v2 = sum.v2 + x.v2 * y.v2; }
  if (LANES > 3u) { row.v3 = sum.v3 + x.v3 * y.v3; }
  return row;
}
