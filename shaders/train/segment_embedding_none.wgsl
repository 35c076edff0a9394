// Nobody but sums over fields reads the looked-up rows.
fn embedding_term(looked_up: u32, v: f32, lane: u32) -> Lane { return Lane(); }
