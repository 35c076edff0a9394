// Rules without state.
fn raise_row_state(number: u32, mean: f32) -> f32 { return 0.0; }
fn load_state0(at: u32, row_state: f32) -> Lane { return Lane(); }
fn load_state1(at: u32) -> Lane { return Lane(); }
fn store_state(at: u32, updated: Updated) {}
