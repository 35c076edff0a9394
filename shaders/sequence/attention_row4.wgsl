// Rows of heads that are four numbers wide.
alias Row = vec4f;

fn row_dot(a: Row, b: Row) -> f32 {
  return dot(a, b);
}

// sum + factor row
fn row_plus(sum: Row, row: Row, factor: f32) -> Row {
  return fma(row, vec4f(factor), sum);
}

fn row_scaled(row: Row, factor: f32) -> Row {
  return row * factor;
}

fn row_relu(row: Row) -> Row {
  return max(row, vec4f());
}

// The gradient through relu, whose result is y.
fn row_slope(dy: Row, y: Row) -> Row {
  return select(vec4f(), dy, y > vec4f());
}
