// The gradient of a second logit that learns the labels of the first.
//   da = weight (sigmoid(a) - label) / n, where label / n = sigmoid(z) / n - dz;  n = step.rows, 0 in padding rows
// Shapes: z, dz, a, da [B, 1]; f32. Grid: one invocation per row.
struct Params { batch: u32, weight: f32 }
@group(0) @binding(0) var<storage, read> z: array<f32>;
@group(0) @binding(1) var<storage, read> dz: array<f32>;
@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read_write> da: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(-x)); }

@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.batch) { return; }
  let share = 1.0 / f32(max(step.rows, 1u));
  da[i] = select(0.0, params.weight * (dz[i] + share * (sigmoid(a[i]) - sigmoid(z[i]))), i < step.rows);
}
