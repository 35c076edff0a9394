// Values of occurrences, [F, B].
@group(0) @binding(4) var<storage, read> values: array<f32>;

fn value_of(occurrence: u32) -> f32 {
  return values[occurrence];
}
