// The loss is sum_t exp(-s_t) L_t + s_t / 2 with learned logarithms s of variances (Kendall et al., CVPR 2018), without the
// tasks that have no label in the batch: one of the parts that loss.wgsl is linked with.
//   d_log_variances[t] = 1/2 - exp(-s_t) L_t, and 0 without a label
// Shapes: log_variances, d_log_variances [T].
@group(0) @binding(9) var<storage, read> log_variances: array<f32>;
@group(0) @binding(10) var<storage, read_write> d_log_variances: array<f32>;

fn task_weight(task: u32) -> f32 {
  return exp(-log_variances[task]);
}

// Returns what a task adds to the loss, from the sum over its labels and their weight, and writes the gradient of s.
fn task_term(task: u32, sum: f32, known: f32) -> f32 {
  let weighted = select(0.0, exp(-log_variances[task]) * sum / known, known > 0.0);
  d_log_variances[task] = select(0.0, 0.5 - weighted, known > 0.0);
  return select(0.0, weighted + 0.5 * log_variances[task], known > 0.0);
}
