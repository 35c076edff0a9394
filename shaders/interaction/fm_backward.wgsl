// Gradient of the second-order factorization machine.
//   de[b, f, :] = dy[b] (sum[b, :] - e[b, f, :])
// Shapes: e, de [B, F, D]; sum [B, D]; dy [B, 1]; f32.
// Grid: one invocation per (b, f, SPAN lanes). Memory: 8 bytes per number of e; sum and dy come from cache.
const LANES: u32 = 4u;  // lanes of D
const SPAN: u32 = 4u;   // lanes that one invocation computes, at most 4

struct Params { batch: u32, fields: u32 }
@group(0) @binding(0) var<storage, read> e: array<Lane>;
@group(0) @binding(1) var<storage, read> sum: array<Lane>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> de: array<Lane>;
@group(0) @binding(4) var<uniform> params: Params;

fn write_lane(row: u32, b: u32, c: u32, d: f32) {
  de[row * LANES + c] = d * (sum[b * LANES + c] - e[row * LANES + c]);
}

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let parts = (LANES + SPAN - 1u) / SPAN;
  let i = linear_group(group, groups) * 64u + lane;
  let row = i / parts;
  if (row >= params.batch * params.fields) { return; }
  let b = row / params.fields;
  let c = (i % parts) * SPAN;
  let d = dy[b];
  write_lane(row, b, c, d);
  if (SPAN > 1u && c + 1u < LANES) { write_lane(row, b, c + 1u, d); }
  if (SPAN > 2u && c + 2u < LANES) { write_lane(row, b, c + 2u, d); }
  if (SPAN > 3u && c + 3u < LANES) { write_lane(row, b, c + 3u, d); }
}
