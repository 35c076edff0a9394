// The loss is the sum of the tasks' mean losses: one of the parts that loss.wgsl is linked with.
fn task_weight(task: u32) -> f32 {
  return 1.0;
}

// Returns what a task adds to the loss, from the sum over its labels and their weight.
fn task_term(task: u32, sum: f32, known: f32) -> f32 {
  return select(0.0, sum / known, known > 0.0);
}
