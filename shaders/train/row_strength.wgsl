// Coupled L2 of rows that have strengths of their own in place of params.l2; a row whose strength is negative is frozen.
@group(0) @binding(18) var<storage, read> row_strength: array<f32>;  // by row of the shard

fn l2_of(number: u32) -> f32 { return row_strength[number]; }
fn is_frozen(number: u32) -> bool { return row_strength[number] < 0.0; }
