// The table has no first-order term.
fn linear_term(b: u32, v: f32) -> Lane { return Lane(); }
