// Vectors for all ordered pairs of fields, folded where both orders of a pair have the same factor.
//   fold      pairs[p, :] = w[i, j, :] + w[j, i, :] for the p-th pair i < j;  diagonal[i, :] = w[i, i, :]
//   unfold    dw from dpairs and ddiagonal
// Shapes: w, dw [F, F, D]; pairs [F (F - 1) / 2, D]; diagonal [F, D]; f32. Grid: one invocation per lane of w or dw.
const LANES: u32 = 4u;  // lanes of D

struct Params { fields: u32 }
@group(0) @binding(0) var<storage, read> w: array<Lane>;
@group(0) @binding(1) var<storage, read_write> pairs: array<Lane>;
@group(0) @binding(2) var<storage, read_write> diagonal: array<Lane>;
@group(0) @binding(3) var<storage, read> dpairs: array<Lane>;
@group(0) @binding(4) var<storage, read> ddiagonal: array<Lane>;
@group(0) @binding(5) var<storage, read_write> dw: array<Lane>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(64)
fn fold(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  let i = t / LANES / params.fields;
  let j = t / LANES % params.fields;
  if (i >= params.fields || j < i) { return; }
  if (i == j) {
    diagonal[i * LANES + t % LANES] = w[t];
  } else {
    pairs[pair_of(i, j) * LANES + t % LANES] = w[t] + w[(j * params.fields + i) * LANES + t % LANES];
  }
}

@compute @workgroup_size(64)
fn unfold(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  let i = t / LANES / params.fields;
  let j = t / LANES % params.fields;
  if (i >= params.fields) { return; }
  if (i == j) {
    dw[t] = ddiagonal[i * LANES + t % LANES];
  } else {
    dw[t] = dpairs[pair_of(min(i, j), max(i, j)) * LANES + t % LANES];
  }
}
