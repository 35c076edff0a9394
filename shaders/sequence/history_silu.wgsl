// Each score becomes a weight by itself: w = score sigmoid(score) / DIVISOR.
const NORMALIZED: bool = false;
const DIVISOR: f32 = 1.0;

fn weight_of(score: f32, log_sum: f32) -> f32 {
  return score / (1.0 + exp(-score)) / DIVISOR;
}

fn slope_of(score: f32, log_sum: f32, dw: f32, mean: f32) -> f32 {
  let gate = 1.0 / (1.0 + exp(-score));
  return dw * gate * (1.0 + score * (1.0 - gate)) / DIVISOR;
}
