// Experts' numbers through tanh, weighted by a softmax gate (Wang et al., WWW 2021, equation 4), and its gradient.
//   forward   g = softmax(z);  y[k, :] = g_k tanh(c[k, :])
//   backward  s_k = sum_r dy[k, r] tanh(c[k, r]);  dz_k = g_k (s_k - sum_j g_j s_j);
//             dc[k, :] = dy[k, :] g_k (1 - tanh^2(c[k, :]))
// Shapes: z, g, dz [B, K]; c, y, dy, dc [B, K, R], R in lanes; f32.
// Grid: forward one invocation per lane of y; backward SPAN invocations per sample, each of which takes every SPANth
// expert, and whole samples in a workgroup. Fixed order, no atomics: bit-reproducible.
const LANES: u32 = 1u;    // lanes of R
const EXPERTS: u32 = 1u;  // K
const SPAN: u32 = 1u;     // min(K, 64)

struct Params { batch: u32 }
@group(0) @binding(0) var<storage, read> z: array<f32>;
@group(0) @binding(1) var<storage, read> c: array<Lane>;
@group(0) @binding(2) var<storage, read_write> g: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<Lane>;
@group(0) @binding(4) var<storage, read> gates: array<f32>;  // g, as the backward pass reads it
@group(0) @binding(5) var<storage, read> dy: array<Lane>;
@group(0) @binding(6) var<storage, read_write> dz: array<f32>;
@group(0) @binding(7) var<storage, read_write> dc: array<Lane>;
@group(0) @binding(8) var<uniform> params: Params;

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.batch * EXPERTS * LANES) { return; }
  let expert = i / LANES;
  let first = expert - expert % EXPERTS;
  var largest = z[first];
  for (var k = 1u; k < EXPERTS; k++) { largest = max(largest, z[first + k]); }
  var sum = 0.0;
  for (var k = 0u; k < EXPERTS; k++) { sum += exp(z[first + k] - largest); }
  let weight = exp(z[expert] - largest) / sum;
  if (i % LANES == 0u) { g[expert] = weight; }
  y[i] = weight * tanh(c[i]);
}

const SAMPLES: u32 = 64u / SPAN;
var<workgroup> weighted: array<f32, 64>;

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let sample = lane / SPAN;
  let b = linear_group(group, groups) * SAMPLES + sample;
  let works = sample < SAMPLES && b < params.batch;
  var sum = 0.0;
  for (var k = lane % SPAN; k < EXPERTS && works; k += SPAN) {
    let expert = b * EXPERTS + k;
    var slope = Lane();
    for (var r = 0u; r < LANES; r++) {
      let at = expert * LANES + r;
      let t = tanh(c[at]);
      slope += dy[at] * t;
      dc[at] = gates[expert] * dy[at] * (1.0 - t * t);
    }
    dz[expert] = total(slope);
    sum += gates[expert] * dz[expert];
  }
  weighted[lane] = sum;
  workgroupBarrier();
  if (!works) { return; }
  var mean = 0.0;
  for (var i = 0u; i < SPAN; i++) { mean += weighted[sample * SPAN + i]; }
  for (var k = lane % SPAN; k < EXPERTS; k += SPAN) {
    let expert = b * EXPERTS + k;
    dz[expert] = gates[expert] * (dz[expert] - mean);
  }
}
