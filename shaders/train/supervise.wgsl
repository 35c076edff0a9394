// The gradient where two logits learn from the labels as far as each is behind their mean (Tri-BCE of Li et al.,
// arXiv:2407.13349).
//   gaps      gap[0] = max(L(a) - L(y), 0), gap[1] likewise for b, with L the mean cross-entropy of the labels
//   gradient  da = dy / 2 + gap[0] dL/da, likewise db; gaps count as constants
// dy is the gradient of L(y), (sigmoid(y) - label) / n with n = step.rows: so labels are sigmoid(y) - n dy, and
// dL/da = dy + (sigmoid(a) - sigmoid(y)) / n.
// Needs logit_mean.wgsl. Shapes: gap, weight [2]; f32. Grid: one invocation per row; gaps one workgroup, whose threads add
// every 256th row and then their sums in a fixed tree: bit-reproducible.
@group(0) @binding(7) var<storage, read_write> gap: array<f32>;
@group(0) @binding(8) var<storage, read> weight: array<f32>;

var<workgroup> partial: array<vec2f, 256>;

fn softplus(z: f32) -> f32 {
  return max(z, 0.0) + log(1.0 + exp(-abs(z)));
}

@compute @workgroup_size(256)
fn gaps(@builtin(local_invocation_index) lane: u32) {
  let rows = min(step.rows, params.batch);
  var sum = vec2f();
  for (var i = lane; i < rows; i += 256u) {
    let z = 0.5 * (a[i] + b[i]);
    let label = sigmoid(z) - f32(rows) * dy[i];
    let loss = softplus(z) - label * z;
    sum += vec2f(softplus(a[i]) - label * a[i] - loss, softplus(b[i]) - label * b[i] - loss);
  }
  partial[lane] = sum;
  workgroupBarrier();
  for (var half = 128u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] += partial[lane + half]; }
    workgroupBarrier();
  }
  if (lane < 2u) { gap[lane] = max(partial[0][lane] / f32(max(rows, 1u)), 0.0); }
}

@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.batch) { return; }
  let whole = sigmoid(0.5 * (a[i] + b[i]));
  let share = share_of(i);
  da[i] = 0.5 * dy[i] + weight[0] * (dy[i] + share * (sigmoid(a[i]) - whole));
  db[i] = 0.5 * dy[i] + weight[1] * (dy[i] + share * (sigmoid(b[i]) - whole));
}
