// Rows of heads that are sixteen numbers wide.
alias Row = mat4x4f;

fn row_dot(a: Row, b: Row) -> f32 {
  return (dot(a[0], b[0]) + dot(a[1], b[1])) + (dot(a[2], b[2]) + dot(a[3], b[3]));
}

// sum + factor row
fn row_plus(sum: Row, row: Row, factor: f32) -> Row {
  let each = vec4f(factor);
  return Row(
    fma(row[0], each, sum[0]),
    fma(row[1], each, sum[1]),
    fma(row[2], each, sum[2]),
    fma(row[3], each, sum[3]),
  );
}

fn row_scaled(row: Row, factor: f32) -> Row {
  return row * factor;
}

fn row_relu(row: Row) -> Row {
  return Row(
    max(row[0], vec4f()),
    max(row[1], vec4f()),
    max(row[2], vec4f()),
    max(row[3], vec4f()),
  );
}

// The gradient through relu, whose result is y.
fn row_slope(dy: Row, y: Row) -> Row {
  return Row(
    select(vec4f(), dy[0], y[0] > vec4f()),
    select(vec4f(), dy[1], y[1] > vec4f()),
    select(vec4f(), dy[2], y[2] > vec4f()),
    select(vec4f(), dy[3], y[3] > vec4f()),
  );
}
