// Gradient of the second-order factorisation machine.
//   de[b, f, :] = dy[b] (sum[b, :] - e[b, f, :])
// Shapes: e, de [B, F, D]; sum [B, D]; dy [B, 1]; f32.
// Grid: one invocation per lane of e. Memory: 8 bytes per number of e; sum and dy come from cache.
const LANES: u32 = 4u;  // lanes of D

struct Params { size: u32, fields: u32 }
@group(0) @binding(0) var<storage, read> e: array<Lane>;
@group(0) @binding(1) var<storage, read> sum: array<Lane>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> de: array<Lane>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.size) { return; }
  let b = i / (params.fields * LANES);
  de[i] = dy[b] * (sum[b * LANES + i % LANES] - e[i]);
}
