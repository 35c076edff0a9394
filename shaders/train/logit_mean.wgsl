// Mean of two logits, and what the gradients of such means share.
//   mean  y = (a + b) / 2
// Needs grid.wgsl and step.wgsl. Shapes: a, b, y, dy, da, db [B, 1]; f32. Grid: one invocation per row.
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

fn cross_entropy(z: f32, label: f32) -> f32 {
  return max(z, 0.0) + log(1.0 + exp(-abs(z))) - label * z;
}

// Share of a row in a mean over the batch's rows: 0 in padding rows.
fn share_of(i: u32) -> f32 {
  return select(0.0, 1.0 / f32(max(step.rows, 1u)), i < step.rows);
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
