// The gradient of a term of the loss by its values: dy[b] = weight / n in the n = step.rows valid rows, 0 in padding rows.
// Shapes: dy [B]; f32. Grid: one invocation per row.
struct Params { batch: u32, weight: f32 }
@group(0) @binding(0) var<storage, read_write> dy: array<f32>;
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b >= params.batch) { return; }
  dy[b] = select(0.0, params.weight / f32(max(step.rows, 1u)), b < step.rows);
}
