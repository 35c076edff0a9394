// Scores become weights that sum to 1.
const NORMALIZED: bool = true;

fn weight_of(score: f32, log_sum: f32) -> f32 {
  return exp(score - log_sum);
}

// Slope of the objective by a score, where dw is its slope by the weight and mean the weighted mean of these slopes.
fn slope_of(score: f32, log_sum: f32, dw: f32, mean: f32) -> f32 {
  return weight_of(score, log_sum) * (dw - mean);
}
