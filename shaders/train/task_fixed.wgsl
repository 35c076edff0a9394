// The loss is the sum of the tasks' mean losses, each times a given weight: one of the parts that loss.wgsl is linked with.
// Shapes: task_weights [T].
@group(0) @binding(9) var<storage, read> task_weights: array<f32>;

fn task_weight(task: u32) -> f32 {
  return task_weights[task];
}

// Returns what a task adds to the loss, from the sum over its labels and their weight.
fn task_term(task: u32, sum: f32, known: f32) -> f32 {
  return select(0.0, task_weights[task] * sum / known, known > 0.0);
}
