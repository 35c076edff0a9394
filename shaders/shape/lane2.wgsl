// Lanes of rows whose width is even, but no multiple of 4.
const LANE_WIDTH: u32 = 2u;  // numbers in a lane
alias Lane = vec2f;
fn total(x: Lane) -> f32 {
  return x.x + x.y;
}
fn leading(x: Lane) -> f32 {
  return x.x;
}
fn lane_from(x: vec4f) -> Lane {
  return x.xy;
}
