// Rows of up to 16 numbers: `lanes` of their vectors are used, the others are zeros. Each number has a register, which the
// elements of an array that a loop goes through do not get.
struct Row { a: vec4f, b: vec4f, c: vec4f, d: vec4f }

fn row_dot(p: Row, q: Row, lanes: u32) -> f32 {
  var sum = p.a * q.a;
  if (lanes > 1u) { sum = fma(p.b, q.b, sum); }
  if (lanes > 2u) { sum = fma(p.c, q.c, sum); }
  if (lanes > 3u) { sum = fma(p.d, q.d, sum); }
  return (sum.x + sum.y) + (sum.z + sum.w);
}

// sum + factor row
fn row_plus(sum: Row, row: Row, factor: f32, lanes: u32) -> Row {
  let each = vec4f(factor);
  var result = sum;
  result.a = fma(row.a, each, sum.a);
  if (lanes > 1u) { result.b = fma(row.b, each, sum.b); }
  if (lanes > 2u) { result.c = fma(row.c, each, sum.c); }
  if (lanes > 3u) { result.d = fma(row.d, each, sum.d); }
  return result;
}

fn row_scaled(row: Row, factor: f32, lanes: u32) -> Row {
  var result = row;
  result.a = factor * row.a;
  if (lanes > 1u) { result.b = factor * row.b; }
  if (lanes > 2u) { result.c = factor * row.c; }
  if (lanes > 3u) { result.d = factor * row.d; }
  return result;
}

fn load_x(at: u32, lanes: u32) -> Row {
  var row: Row;
  row.a = x[at];
  if (lanes > 1u) { row.b = x[at + 1u]; }
  if (lanes > 2u) { row.c = x[at + 2u]; }
  if (lanes > 3u) { row.d = x[at + 3u]; }
  return row;
}

fn load_o(at: u32, lanes: u32) -> Row {
  var row: Row;
  row.a = o[at];
  if (lanes > 1u) { row.b = o[at + 1u]; }
  if (lanes > 2u) { row.c = o[at + 2u]; }
  if (lanes > 3u) { row.d = o[at + 3u]; }
  return row;
}

fn load_dout(at: u32, lanes: u32) -> Row {
  var row: Row;
  row.a = dout[at];
  if (lanes > 1u) { row.b = dout[at + 1u]; }
  if (lanes > 2u) { row.c = dout[at + 2u]; }
  if (lanes > 3u) { row.d = dout[at + 3u]; }
  return row;
}

fn store_row(at: u32, row: Row, lanes: u32) {
  y[at] = row.a;
  if (lanes > 1u) { y[at + 1u] = row.b; }
  if (lanes > 2u) { y[at + 2u] = row.c; }
  if (lanes > 3u) { y[at + 3u] = row.d; }
}
