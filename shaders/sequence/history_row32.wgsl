// Rows of up to 32 numbers: `lanes` of their vectors are used, the others are zeros. Each number has a register, which the
// elements of an array that a loop goes through do not get.
struct Row { a: vec4f, b: vec4f, c: vec4f, d: vec4f, e: vec4f, f: vec4f, g: vec4f, h: vec4f }

fn row_dot(p: Row, q: Row, lanes: u32) -> f32 {
  var sum = p.a * q.a;
  if (lanes > 1u) { sum = fma(p.b, q.b, sum); }
  if (lanes > 2u) { sum = fma(p.c, q.c, sum); }
  if (lanes > 3u) { sum = fma(p.d, q.d, sum); }
  if (lanes > 4u) { sum = fma(p.e, q.e, sum); }
  if (lanes > 5u) { sum = fma(p.f, q.f, sum); }
  if (lanes > 6u) { sum = fma(p.g, q.g, sum); }
  if (lanes > 7u) { sum = fma(p.h, q.h, sum); }
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
  if (lanes > 4u) { result.e = fma(row.e, each, sum.e); }
  if (lanes > 5u) { result.f = fma(row.f, each, sum.f); }
  if (lanes > 6u) { result.g = fma(row.g, each, sum.g); }
  if (lanes > 7u) { result.h = fma(row.h, each, sum.h); }
  return result;
}

fn row_scaled(row: Row, factor: f32, lanes: u32) -> Row {
  var result = row;
  result.a = factor * row.a;
  if (lanes > 1u) { result.b = factor * row.b; }
  if (lanes > 2u) { result.c = factor * row.c; }
  if (lanes > 3u) { result.d = factor * row.d; }
  if (lanes > 4u) { result.e = factor * row.e; }
  if (lanes > 5u) { result.f = factor * row.f; }
  if (lanes > 6u) { result.g = factor * row.g; }
  if (lanes > 7u) { result.h = factor * row.h; }
  return result;
}

fn load_x(at: u32, lanes: u32) -> Row {
  var row: Row;
  row.a = x[at];
  if (lanes > 1u) { row.b = x[at + 1u]; }
  if (lanes > 2u) { row.c = x[at + 2u]; }
  if (lanes > 3u) { row.d = x[at + 3u]; }
  if (lanes > 4u) { row.e = x[at + 4u]; }
  if (lanes > 5u) { row.f = x[at + 5u]; }
  if (lanes > 6u) { row.g = x[at + 6u]; }
  if (lanes > 7u) { row.h = x[at + 7u]; }
  return row;
}

fn load_o(at: u32, lanes: u32) -> Row {
  var row: Row;
  row.a = o[at];
  if (lanes > 1u) { row.b = o[at + 1u]; }
  if (lanes > 2u) { row.c = o[at + 2u]; }
  if (lanes > 3u) { row.d = o[at + 3u]; }
  if (lanes > 4u) { row.e = o[at + 4u]; }
  if (lanes > 5u) { row.f = o[at + 5u]; }
  if (lanes > 6u) { row.g = o[at + 6u]; }
  if (lanes > 7u) { row.h = o[at + 7u]; }
  return row;
}

fn load_dout(at: u32, lanes: u32) -> Row {
  var row: Row;
  row.a = dout[at];
  if (lanes > 1u) { row.b = dout[at + 1u]; }
  if (lanes > 2u) { row.c = dout[at + 2u]; }
  if (lanes > 3u) { row.d = dout[at + 3u]; }
  if (lanes > 4u) { row.e = dout[at + 4u]; }
  if (lanes > 5u) { row.f = dout[at + 5u]; }
  if (lanes > 6u) { row.g = dout[at + 6u]; }
  if (lanes > 7u) { row.h = dout[at + 7u]; }
  return row;
}

fn store_row(at: u32, row: Row, lanes: u32) {
  y[at] = row.a;
  if (lanes > 1u) { y[at + 1u] = row.b; }
  if (lanes > 2u) { y[at + 2u] = row.c; }
  if (lanes > 3u) { y[at + 3u] = row.d; }
  if (lanes > 4u) { y[at + 4u] = row.e; }
  if (lanes > 5u) { y[at + 5u] = row.f; }
  if (lanes > 6u) { y[at + 6u] = row.g; }
  if (lanes > 7u) { y[at + 7u] = row.h; }
}
