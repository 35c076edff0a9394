// Strength of L1 of each block of 64 numbers of the dense parameters.
@group(0) @binding(14) var<storage, read> l1: array<f32>;

fn shrink_of(at: u32) -> f32 { return l1[at / 16u]; }
