// Drops whole fields of rows at random, and lets those that stay count more. The mask follows from seed, step and place;
// none is stored.
//   drop        y[f, b] = scale, which is 0 with probability DROPOUT and else 1 / (1 - DROPOUT)
//   drop_given  y[f, b] = scale values[f, b]
// Needs step.wgsl, grid.wgsl, random.wgsl. Shapes: values, y [F, B].
// Grid: one invocation per occurrence. Memory: 4 or 8 bytes an occurrence.
struct Params { size: u32 }
@group(0) @binding(0) var<storage, read> values: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn drop(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i < params.size) { y[i] = dropout_scale(i); }
}

@compute @workgroup_size(64)
fn drop_given(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i < params.size) { y[i] = dropout_scale(i) * values[i]; }
}
