// The table has no first-order term.
fn add_linear(b: u32, v: f32) {}
