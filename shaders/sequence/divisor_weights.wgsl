// The mean over the places of a history divides by the sum of their weights [L, B], which are factors of the places.
@group(0) @binding(2) var<storage, read> weights: array<f32>;

fn divisor_of(b: u32, length: u32) -> f32 {
  var sum = 0.0;
  for (var t = 0u; t < length; t++) { sum += weights[t * params.batch + b]; }
  return sum;
}
