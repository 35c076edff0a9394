// Activations whose slope needs the input.
//   gelu            y = x Phi(x), Phi the normal distribution function        (Hendrycks and Gimpel, arXiv:1606.08415)
//   silu            y = x sigmoid(x)                                            (Elfwing et al., arXiv:1702.03118)
//   prelu           y = max(x, 0) + slope[n] min(x, 0)                          (He et al., ICCV 2015, equation 1)
//   *_backward      dx from dy
//   prelu_slope     dslope[n] = sum_r dy min(x, 0)
// Shapes: x, y, dy [rows, width]; slope [width], or [1] with width 1; f32.
// Grid: one invocation per element; slopes one workgroup per column, folded in a fixed tree. Padded rows have dy = 0.
struct Params { size: u32, width: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> slope: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

var<workgroup> partial: array<f32, 64>;

// Abramowitz and Stegun 7.1.26: absolute error below 1.5e-7.
fn normal_cdf(z: f32) -> f32 {
  let u = abs(z) * 0.70710678;
  let t = 1.0 / (1.0 + 0.3275911 * u);
  let series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  let tail = 0.5 * series * exp(-u * u);
  return select(tail, 1.0 - tail, z >= 0.0);
}

@compute @workgroup_size(256)
fn gelu(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  y[i] = x[i] * normal_cdf(x[i]);
}

@compute @workgroup_size(256)
fn gelu_backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  let z = x[i];
  y[i] = dy[i] * (normal_cdf(z) + z * 0.39894228 * exp(-0.5 * z * z));
}

@compute @workgroup_size(256)
fn silu(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  y[i] = x[i] / (1.0 + exp(-x[i]));
}

@compute @workgroup_size(256)
fn silu_backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  let gate = 1.0 / (1.0 + exp(-x[i]));
  y[i] = dy[i] * gate * (1.0 + x[i] * (1.0 - gate));
}

@compute @workgroup_size(256)
fn prelu(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  y[i] = max(x[i], 0.0) + slope[i % params.width] * min(x[i], 0.0);
}

@compute @workgroup_size(256)
fn prelu_backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  y[i] = dy[i] * select(slope[i % params.width], 1.0, x[i] > 0.0);
}

fn fold(lane: u32, sum: f32, column: u32) {
  partial[lane] = sum;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] += partial[lane + half]; }
    workgroupBarrier();
  }
  if (lane == 0u && column < params.width) { y[column] = partial[0]; }
}

@compute @workgroup_size(64)
fn prelu_slope(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let column = linear_group(group, groups);
  var sum = 0.0;
  if (column < params.width) {
    for (var i = lane * params.width + column; i < params.size; i += 64u * params.width) {
      sum += dy[i] * min(x[i], 0.0);
    }
  }
  fold(lane, sum, column);
}
