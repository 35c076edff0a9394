// Scalars of the running step, shared by all kernels.
struct Step {
  rows: u32,         // valid rows of the batch; rows past them are padding
  first: u32,        // position of the batch in the epoch's order
  index: u32,        // number of the step since training began, from 1
  seed: u32,         // seed of dropout
  lr: f32,           // learning rate
  correction1: f32,  // 1 / (1 - beta1^t)
  correction2: f32,  // 1 / (1 - beta2^t)
  slot: u32,         // place of the step in rings of losses and inputs
  others: array<vec4f, 2>,  // lr, correction1 and correction2 of embeddings and of first-order weights, by their own rules
}
@group(1) @binding(0) var<uniform> step: Step;
