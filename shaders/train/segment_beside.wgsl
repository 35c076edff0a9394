// A table of width 1 with the same occurrences, such as first-order weights beside embeddings: its gradient is that of a
// sum over fields, v dBeside[b], and each of its rows is finished with the row of the other table.
// Needs a beside_state file, optimizer.wgsl, and `beside`, the sum of a run.
const BESIDE: u32 = 1u;
@group(0) @binding(14) var<storage, read> d_beside: array<f32>;
@group(0) @binding(15) var<storage, read_write> beside_weights: array<f32>;

fn beside_term(b: u32, v: f32) -> f32 { return v * d_beside[b]; }

// The rule is for lanes: all numbers of this one are the same.
fn finish_beside(number: u32) {
  let w = Lane() + beside_weights[number];
  trust = 1.0;
  let updated = update_rule(w, limited(beside + params.l2 * w), load_beside0(number), load_beside1(number));
  beside_weights[number] = leading(shrink(updated.w, SHRINK));
  store_beside(number, updated);
}
