// The model adds nothing to the loss of the labels: one of the parts that loss.wgsl is linked with.
fn added_terms() -> f32 {
  return 0.0;
}
