// Lanes of rows whose width is odd.
const LANE_WIDTH: u32 = 1u;  // numbers in a lane
alias Lane = f32;
fn total(x: Lane) -> f32 {
  return x;
}
fn leading(x: Lane) -> f32 {
  return x;
}
fn lane_from(x: vec4f) -> Lane {
  return x.x;
}
