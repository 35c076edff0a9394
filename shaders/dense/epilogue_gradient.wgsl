// Gradient through y = s act(z), s = 0 with probability DROPOUT, otherwise 1 / (1 - DROPOUT): dz = dy s act'(z), where
// act' is computed from y because z is not kept. Needs activation, random and epilogue1 or epilogue4.
fn epilogue_gradient(dy: Lanes, y: Lanes, index: u32) -> Lanes {
  // A positive output was neither cut off nor dropped, so the mask need not be hashed again.
  if (ACTIVATION == 1u) { return select(Lanes(), dy / (1.0 - DROPOUT), y > Lanes()); }
  return dy * dropout_lanes(index) * slope_lanes(y * (1.0 - DROPOUT));
}
