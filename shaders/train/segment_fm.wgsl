// Gradient of the FM term, [B, 1], with the sum over fields S, [B, D]: v dFm[b] (S[b, :] - v row).
// All occurrences of a run share the row, so it is subtracted once, times the sum of v^2 dFm.
@group(0) @binding(7) var<storage, read> d_fm: array<f32>;
@group(0) @binding(8) var<storage, read> fm_sum: array<Lane>;

fn fm_term(b: u32, v: f32, lane: u32) -> Lane { return v * d_fm[b] * fm_sum[b * LANES + lane]; }

fn own_term(b: u32, v: f32) -> f32 { return v * (v * d_fm[b]); }

fn subtract_own(number: u32, part: u32) {
  let at = number * STRIDE + part * SPAN;
  for (var j = 0u; j < SPAN; j++) { sum[j] -= own * weights[at + j]; }
}
