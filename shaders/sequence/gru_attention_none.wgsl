// A GRU without attention weights; no entry points.
const ATTENDED: bool = false;

fn attention_at(i: vec4u) -> vec4f {
  return vec4f(1.0);
}

fn kept_attention_at(i: vec4u) -> vec4f {
  return vec4f(1.0);
}

fn attention_barrier() {}

fn store_attention_gradient(at: Work, t: u32, gradient: vec4f) {}
