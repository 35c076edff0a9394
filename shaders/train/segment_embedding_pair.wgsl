// Gradient of the looked-up rows in two parts, of the first fields, [B, FIRST_FIELDS, D], and of the others.
const FIRST_FIELDS: u32 = 1u;
@group(0) @binding(5) var<storage, read> d_embedding: array<Lane>;
@group(0) @binding(14) var<storage, read> d_more: array<Lane>;

fn embedding_term(looked_up: u32, v: f32, lane: u32) -> Lane {
  let b = looked_up / FIELDS;
  let f = looked_up % FIELDS;
  if (f < FIRST_FIELDS) { return v * d_embedding[(b * FIRST_FIELDS + f) * LANES + lane]; }
  return v * d_more[(b * (FIELDS - FIRST_FIELDS) + f - FIRST_FIELDS) * LANES + lane];
}
