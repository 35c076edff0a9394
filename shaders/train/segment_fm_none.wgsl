// The table has no FM term.
fn fm_term(b: u32, v: f32, lane: u32) -> Lane { return Lane(); }

fn own_term(b: u32, v: f32) -> f32 { return 0.0; }

fn subtract_own(number: u32, part: u32) {}
