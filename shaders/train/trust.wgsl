// LAMB's trust ratio of each dense parameter, max(|w|, MIN_NORM) / |r|, from the step r that dense_update.wgsl is about to
// take; 1 for vectors such as biases, and where a norm is 0.
//   trusts[block] = ratio of the parameter that the block of 64 numbers is of
// Needs step.wgsl, lane4.wgsl, optimizer.wgsl, a state file, clip_scale or clip_scale_none.
// Grid: one workgroup per parameter; its threads stride over the numbers, their sums fold in a fixed tree.
// Memory: as much reading as the update itself.
struct Layer {
  first: u32,    // first lane of the flat buffer
  lanes: u32,    // lanes, a multiple of 16
  adapts: u32,   // whether there is a ratio, or 1
  reserved: u32,
}
@group(0) @binding(2) var<storage, read> weights: array<Lane>;
@group(0) @binding(3) var<storage, read> gradient: array<Lane>;
@group(0) @binding(4) var<storage, read> l2: array<f32>;
@group(0) @binding(5) var<storage, read> layers: array<Layer>;
@group(0) @binding(13) var<storage, read_write> trusts: array<f32>;

var<workgroup> folded: array<vec2f, 256>;

@compute @workgroup_size(256)
fn ratios(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let layer = layers[group.x];
  var squares = vec2f();
  for (var i = thread; i < layer.lanes; i += 256u) {
    let at = layer.first + i;
    let w = weights[at];
    let g = limited(clip_scale() * (gradient[at] + l2[at / 16u] * w));
    let r = lamb_step(w, g, load_state0(at, 0.0), load_state1(at));
    squares += vec2f(total(w * w), total(r * r));
  }
  folded[thread] = squares;
  workgroupBarrier();
  for (var half = 128u; half > 0u; half /= 2u) {
    if (thread < half) { folded[thread] += folded[thread + half]; }
    workgroupBarrier();
  }
  let ratio = select(1.0, trust_ratio(folded[0]), layer.adapts == 1u);
  for (var block = thread; block < layer.lanes / 16u; block += 256u) { trusts[layer.first / 16u + block] = ratio; }
}
