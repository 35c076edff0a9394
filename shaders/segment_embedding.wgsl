// Gradient of the looked-up rows, [B, F, D]: sum += v dEmbedding[b, f, :].
@group(0) @binding(5) var<storage, read> d_embedding: array<Lane>;

fn add_embedding(looked_up: u32, v: f32, part: u32) {
  let at = looked_up * LANES + part * SPAN;
  for (var j = 0u; j < SPAN; j++) { sum[j] += v * d_embedding[at + j]; }
}
