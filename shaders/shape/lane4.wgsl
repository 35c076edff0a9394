// Lanes of rows whose width is a multiple of 4.
const LANE_WIDTH: u32 = 4u;  // numbers in a lane
alias Lane = vec4f;
fn total(x: Lane) -> f32 {
  return (x.x + x.y) + (x.z + x.w);
}
fn leading(x: Lane) -> f32 {
  return x.x;
}
fn lane_from(x: vec4f) -> Lane {
  return x;
}
