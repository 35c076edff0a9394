// Lanes of rows whose width is even, but no multiple of 4.
alias Lane = vec2f;
fn total(x: Lane) -> f32 {
  return x.x + x.y;
}
fn leading(x: Lane) -> f32 {
  return x.x;
}
