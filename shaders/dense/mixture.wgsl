// Mixture of logistic regressions (Gai et al., arXiv:1704.05194, equation 2), as a logit that does not overflow.
//   forward   g[m] = sum_f e[f, m], s[m] = sum_f e[f, M + m] (or g[m] where SHARED)
//             y = log sum_m exp(g[m] + log sigmoid(s[m])) - log sum_m exp(g[m] + log sigmoid(-s[m]))
//   backward  with a, b the softmaxes of the two sums' terms: dg[m] = dy (a[m] - b[m]),
//             ds[m] = dy (a[m] sigmoid(-s[m]) + b[m] sigmoid(s[m]))
//   spread    de[b, f, :] = dsums[b, :]
// Shapes: e, de [B, F, width] with width 2 M, or M where SHARED; sums, dsums [B, width]; y, dy [B, 1]; f32.
// Grid: one invocation per sample, or per number of de. Memory: e is read once; the backward reads sums only.
struct Params { batch: u32, fields: u32, regions: u32, width: u32 }
@group(0) @binding(0) var<storage, read> e: array<f32>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read> saved: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

fn log_sigmoid(s: f32) -> f32 {
  return min(s, 0.0) - log(1.0 + exp(-abs(s)));
}

// Adds exp(x) to a sum of exponentials that is kept as (largest, sum of exp(x - largest)).
fn extend(sum: vec2f, x: f32) -> vec2f {
  let top = max(sum.x, x);
  return vec2f(top, sum.y * exp(sum.x - top) + exp(x - top));
}

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b >= params.batch) { return; }
  for (var n = 0u; n < params.width; n++) {
    var sum = 0.0;
    for (var f = 0u; f < params.fields; f++) { sum += e[(b * params.fields + f) * params.width + n]; }
    sums[b * params.width + n] = sum;
  }
  var for_one = vec2f(-3.0e38, 0.0);
  var for_zero = vec2f(-3.0e38, 0.0);
  for (var m = 0u; m < params.regions; m++) {
    let g = sums[b * params.width + m];
    let s = sums[(b + 1u) * params.width - params.regions + m];
    for_one = extend(for_one, g + log_sigmoid(s));
    for_zero = extend(for_zero, g + log_sigmoid(-s));
  }
  y[b] = for_one.x - for_zero.x + log(for_one.y) - log(for_zero.y);
}

// sums receives dsums.
@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b >= params.batch) { return; }
  let gates = b * params.width;
  let learners = (b + 1u) * params.width - params.regions;
  var for_one = vec2f(-3.0e38, 0.0);
  var for_zero = vec2f(-3.0e38, 0.0);
  for (var m = 0u; m < params.regions; m++) {
    let s = saved[learners + m];
    for_one = extend(for_one, saved[gates + m] + log_sigmoid(s));
    for_zero = extend(for_zero, saved[gates + m] + log_sigmoid(-s));
  }
  for (var m = 0u; m < params.regions; m++) {
    let g = saved[gates + m];
    let s = saved[learners + m];
    let one = exp(g + log_sigmoid(s) - for_one.x) / for_one.y;
    let zero = exp(g + log_sigmoid(-s) - for_zero.x) / for_zero.y;
    let d_gate = dy[b] * (one - zero);
    let d_learner = dy[b] * (one * exp(log_sigmoid(-s)) + zero * exp(log_sigmoid(s)));
    if (params.width == params.regions) {
      sums[gates + m] = d_gate + d_learner;
    } else {
      sums[gates + m] = d_gate;
      sums[learners + m] = d_learner;
    }
  }
}

// saved holds dsums, and y receives de.
@compute @workgroup_size(64)
fn spread(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let b = i / params.width / params.fields;
  if (b >= params.batch) { return; }
  y[i] = saved[b * params.width + i % params.width];
}
