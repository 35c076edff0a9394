// Lanes of rows whose width is odd.
alias Lane = f32;
fn total(x: Lane) -> f32 {
  return x;
}
fn leading(x: Lane) -> f32 {
  return x;
}
