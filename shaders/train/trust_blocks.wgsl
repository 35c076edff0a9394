// LAMB's trust ratio of the parameter that each block of 64 numbers is of.
@group(0) @binding(13) var<storage, read> trusts: array<f32>;

fn trust_of(at: u32) -> f32 { return trusts[at / 16u]; }
