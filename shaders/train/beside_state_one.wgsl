// Rules with one number of state per weight, for the table of segment_beside.wgsl.
@group(0) @binding(16) var<storage, read_write> beside_state0: array<f32>;

fn load_beside0(number: u32) -> Lane { return Lane() + beside_state0[number]; }
fn load_beside1(number: u32) -> Lane { return Lane(); }
fn store_beside(number: u32, updated: Updated) { beside_state0[number] = leading(updated.s0); }
