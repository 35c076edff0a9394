// Gradient of a sum over fields of a table of width 1, [B, 1]: v dLinear[b].
@group(0) @binding(6) var<storage, read> d_linear: array<f32>;

fn linear_term(b: u32, v: f32) -> Lane { return v * d_linear[b]; }
