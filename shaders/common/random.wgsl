// Counter-based random numbers: a hash of (seed, step, layer, element), so that a mask need never be stored.
// Needs step.wgsl. The hash is PCG-RXS-M-XS (O'Neill 2014), applied once per word.
override DROPOUT: f32 = 0.0;  // probability of zeroing an element
override SALT: u32 = 0u;      // number of the layer

fn pcg(word: u32) -> u32 {
  let state = word * 747796405u + 2891336453u;
  let mixed = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (mixed >> 22u) ^ mixed;
}

fn random_u32(index: u32) -> u32 {
  return pcg(index ^ pcg(step.index ^ pcg(SALT ^ pcg(step.seed))));
}

// Returns 0 with probability DROPOUT, otherwise 1 / (1 - DROPOUT).
fn dropout_scale(index: u32) -> f32 {
  if (DROPOUT == 0.0) { return 1.0; }
  let kept = f32(random_u32(index) >> 8u) * 5.9604644775390625e-8 >= DROPOUT;
  return select(0.0, 1.0 / (1.0 - DROPOUT), kept);
}
