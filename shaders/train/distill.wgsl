// Mean of two logits, each of which learns from the mean besides (Zhu et al., SIGIR 2023, equation 8).
//   mean      y = (a + b) / 2
//   gradient  da = dy / 2 + (sigmoid(a) - sigmoid(y)) / n, likewise db;  n = step.rows, 0 in padding rows
// The second term is the gradient of the cross-entropy of a with sigmoid(y) as its label, which counts as a constant.
// Shapes: a, b, y, dy, da, db [B, 1]; f32. Grid: one invocation per row.
struct Params { batch: u32 }
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> da: array<f32>;
@group(0) @binding(5) var<storage, read_write> db: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

fn sigmoid(z: f32) -> f32 {
  return 1.0 / (1.0 + exp(-z));
}

@compute @workgroup_size(64)
fn mean(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.batch) { return; }
  y[i] = 0.5 * (a[i] + b[i]);
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
  let share = select(0.0, 1.0 / f32(max(step.rows, 1u)), i < step.rows);
  da[i] = 0.5 * dy[i] + share * (sigmoid(a[i]) - target_label);
  db[i] = 0.5 * dy[i] + share * (sigmoid(b[i]) - target_label);
}
