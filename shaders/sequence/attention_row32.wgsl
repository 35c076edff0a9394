// Rows of heads that are thirty-two numbers wide.
struct Row {
  a: mat4x4f,
  b: mat4x4f,
}

fn dots(a: mat4x4f, b: mat4x4f) -> f32 {
  return (dot(a[0], b[0]) + dot(a[1], b[1])) + (dot(a[2], b[2]) + dot(a[3], b[3]));
}

fn plus(sum: mat4x4f, row: mat4x4f, each: vec4f) -> mat4x4f {
  return mat4x4f(
    fma(row[0], each, sum[0]),
    fma(row[1], each, sum[1]),
    fma(row[2], each, sum[2]),
    fma(row[3], each, sum[3]),
  );
}

fn relu(row: mat4x4f) -> mat4x4f {
  return mat4x4f(max(row[0], vec4f()), max(row[1], vec4f()), max(row[2], vec4f()), max(row[3], vec4f()));
}

fn slope(dy: mat4x4f, y: mat4x4f) -> mat4x4f {
  return mat4x4f(
    select(vec4f(), dy[0], y[0] > vec4f()),
    select(vec4f(), dy[1], y[1] > vec4f()),
    select(vec4f(), dy[2], y[2] > vec4f()),
    select(vec4f(), dy[3], y[3] > vec4f()),
  );
}

fn row_dot(a: Row, b: Row) -> f32 {
  return dots(a.a, b.a) + dots(a.b, b.b);
}

// sum + factor row
fn row_plus(sum: Row, row: Row, factor: f32) -> Row {
  return Row(plus(sum.a, row.a, vec4f(factor)), plus(sum.b, row.b, vec4f(factor)));
}

fn row_scaled(row: Row, factor: f32) -> Row {
  return Row(row.a * factor, row.b * factor);
}

fn row_relu(row: Row) -> Row {
  return Row(relu(row.a), relu(row.b));
}

// The gradient through relu, whose result is y.
fn row_slope(dy: Row, y: Row) -> Row {
  return Row(slope(dy.a, y.a), slope(dy.b, y.b));
}
