// Rules without a trust ratio, or with one of each row.
fn trust_of(at: u32) -> f32 { return 1.0; }
