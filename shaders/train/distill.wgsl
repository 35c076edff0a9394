// The gradient where two logits learn from their mean besides (Zhu et al., SIGIR 2023, equation 8).
//   distance  term = 1/n sum_b (l(a_b, sigmoid(y_b)) + l(b_b, sigmoid(y_b))), with the cross-entropy l and n = step.rows
//   gradient  da = dy / 2 + (sigmoid(a) - sigmoid(y)) / n, likewise db;  n = step.rows, 0 in padding rows
// The second term is the gradient of the cross-entropy of a with sigmoid(y) as its label, which counts as a constant.
// Needs logit_mean.wgsl. Shapes: term [1]; f32. Grid: one invocation per row; distance one workgroup, whose threads add every
// 256th row and then their sums in a fixed tree: bit-reproducible.
@group(0) @binding(7) var<storage, read_write> term: array<f32>;

var<workgroup> tree: array<f32, 256>;

@compute @workgroup_size(256)
fn distance(@builtin(local_invocation_index) lane: u32) {
  let rows = min(step.rows, params.batch);
  var sum = 0.0;
  for (var i = lane; i < rows; i += 256u) {
    let label = sigmoid(0.5 * (a[i] + b[i]));
    sum += cross_entropy(a[i], label) + cross_entropy(b[i], label);
  }
  tree[lane] = sum;
  for (var half = 128u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { tree[lane] += tree[lane + half]; }
  }
  if (lane == 0u) { term[0] = tree[0] / f32(max(rows, 1u)); }
}

@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.batch) { return; }
  let target_label = sigmoid(0.5 * (a[i] + b[i]));
  let share = share_of(i);
  da[i] = 0.5 * dy[i] + share * (sigmoid(a[i]) - target_label);
  db[i] = 0.5 * dy[i] + share * (sigmoid(b[i]) - target_label);
}
