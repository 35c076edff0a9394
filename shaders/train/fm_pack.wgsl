// The two buffers of the FM term's gradient as one.
//   pack  y[b, :] = S[b, :], then a lane of dFm[b]
// Grid: one invocation per lane of y. Needs grid.wgsl and a lane file.
struct Params { lanes: u32, size: u32 }
@group(0) @binding(0) var<storage, read> d_fm: array<f32>;
@group(0) @binding(1) var<storage, read> fm_sum: array<Lane>;
@group(0) @binding(2) var<storage, read_write> y: array<Lane>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn pack(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.size) { return; }
  let b = i / (params.lanes + 1u);
  let at = i % (params.lanes + 1u);
  if (at == params.lanes) { y[i] = Lane() + d_fm[b]; } else { y[i] = fm_sum[b * params.lanes + at]; }
}
