// The average of weights over steps, beside the weights themselves.
//   blend     average += rate (weights - average)
//   exchange  the two change places, so that what reads weights reads the average
// Needs grid.wgsl.
// Grid: one invocation per 4 numbers. Memory: 12 and 16 bytes per number.
struct Params { lanes: u32 }
@group(0) @binding(0) var<storage, read_write> weights: array<vec4f>;
@group(0) @binding(1) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read_write> average: array<vec4f>;
@group(0) @binding(3) var<storage, read> rate: array<f32>;

@compute @workgroup_size(64)
fn blend(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = linear_group(group, groups) * 64u + lane;
  if (at >= params.lanes) { return; }
  average[at] += rate[0] * (weights[at] - average[at]);
}

@compute @workgroup_size(64)
fn exchange(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = linear_group(group, groups) * 64u + lane;
  if (at >= params.lanes) { return; }
  let kept = weights[at];
  weights[at] = average[at];
  average[at] = kept;
}
