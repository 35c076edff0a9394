// The table has no FM term.
fn add_fm(b: u32, v: f32, part: u32) {}

fn subtract_own(number: u32, part: u32) {}
