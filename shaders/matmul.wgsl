// Matrix product with a fused epilogue.
//   y[m, n] = dropout(act(sum_k a[m, k] b[k, n] + bias[n]))
// Shapes: a [M, K] or its transpose, b [K, N] or its transpose, bias [N], y [M, N]; f32, row-major.
// Grid: one invocation per element. Memory: 8 K bytes per element. No atomics: bit-reproducible.
override A_TRANSPOSED: bool = false;
override B_TRANSPOSED: bool = false;
override BIAS: bool = false;

struct Params { m: u32, n: u32, k: u32 }
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn product(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.m * params.n) { return; }
  let m = i / params.n;
  let n = i % params.n;
  var sum = 0.0;
  for (var k = 0u; k < params.k; k++) {
    let left = a[select(m * params.k + k, k * params.m + m, A_TRANSPOSED)];
    let right = b[select(k * params.n + n, n * params.k + k, B_TRANSPOSED)];
    sum = fma(left, right, sum);
  }
  if (BIAS) { sum += bias[n]; }
  y[i] = activate(sum) * dropout_scale(i);
}
