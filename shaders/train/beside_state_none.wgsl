// Rules without state, for the table of segment_beside.wgsl.
fn load_beside0(number: u32) -> Lane { return Lane(); }
fn load_beside1(number: u32) -> Lane { return Lane(); }
fn store_beside(number: u32, updated: Updated) {}
