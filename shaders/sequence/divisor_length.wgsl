// The mean over the places of a history divides by their number.
fn divisor_of(b: u32, length: u32) -> f32 {
  return f32(length);
}
