// The FM term of segment_fm.wgsl from one buffer, for devices that bind few: per sample the lanes of S, then dFm.
@group(0) @binding(7) var<storage, read> fm_terms: array<Lane>;

fn fm_term(b: u32, v: f32, lane: u32) -> Lane {
  let at = b * (LANES + 1u);
  return v * fm_terms[at + LANES] * fm_terms[at + lane];
}

fn own_term(b: u32, v: f32) -> f32 {
  return v * v * total(fm_terms[b * (LANES + 1u) + LANES]) / total(Lane() + 1.0);
}

fn subtract_own(number: u32, part: u32) {
  let at = number * STRIDE + part * SPAN;
  for (var j = 0u; j < SPAN; j++) { sum[j] -= own * weights[at + j]; }
}
