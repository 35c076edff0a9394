// Lanes of rows whose width is a multiple of 4.
alias Lane = vec4f;
fn total(x: Lane) -> f32 {
  return (x.x + x.y) + (x.z + x.w);
}
fn leading(x: Lane) -> f32 {
  return x.x;
}
