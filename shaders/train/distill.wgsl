// The gradient where two logits learn from their mean besides (Zhu et al., SIGIR 2023, equation 8).
//   gradient  da = dy / 2 + (sigmoid(a) - sigmoid(y)) / n, likewise db;  n = step.rows, 0 in padding rows
// The second term is the gradient of the cross-entropy of a with sigmoid(y) as its label, which counts as a constant.
// Needs logit_mean.wgsl. Grid: one invocation per row.
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
