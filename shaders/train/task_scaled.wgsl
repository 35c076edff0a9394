// The loss is the sum of the tasks' mean losses, all times one factor: one of the parts that loss.wgsl is linked with.
override SCALE: f32 = 1.0;

fn task_weight(task: u32) -> f32 {
  return SCALE;
}

// Returns what a task adds to the loss, from the sum over its labels and their weight.
fn task_term(task: u32, sum: f32, known: f32) -> f32 {
  return select(0.0, SCALE * sum / known, known > 0.0);
}
