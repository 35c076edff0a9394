// Finishes a run by the optimizer's rule; each row is finished once per step.
fn finish_run(number: u32, head: u32, part: u32) {
  add_row_l2(number, part);
  apply_rule(number, part, 1.0);
  if (part == 0u) { finish_beside(number); }
}
