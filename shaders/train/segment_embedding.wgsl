// Gradient of the looked-up rows, [B, F, D]: v dEmbedding[b, f, :].
@group(0) @binding(5) var<storage, read> d_embedding: array<Lane>;

fn embedding_term(looked_up: u32, v: f32, lane: u32) -> Lane {
  return v * d_embedding[looked_up * LANES + lane];
}
