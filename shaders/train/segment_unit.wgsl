// Occurrences without values count once.
fn value_of(occurrence: u32) -> f32 {
  return 1.0;
}
