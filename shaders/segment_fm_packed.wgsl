// The FM term of segment_fm.wgsl from one buffer, for devices that bind few: per sample the lanes of S, then dFm.
@group(0) @binding(7) var<storage, read> fm_terms: array<Lane>;

fn add_fm(b: u32, v: f32, part: u32) {
  let at = b * (LANES + 1u);
  let d_fm = fm_terms[at + LANES];
  for (var j = 0u; j < SPAN; j++) { sum[j] += v * d_fm * fm_terms[at + part * SPAN + j]; }
  own += v * v * total(d_fm) / total(Lane() + 1.0);
}

fn subtract_own(number: u32, part: u32) {
  let at = number * STRIDE + part * SPAN;
  for (var j = 0u; j < SPAN; j++) { sum[j] -= own * weights[at + j]; }
}
