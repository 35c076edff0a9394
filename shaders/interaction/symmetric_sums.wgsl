// Elementary symmetric sums of fields, dimension by dimension.
//   forward   y[b, k, d] = sum over i_1 < ... < i_k of e[b, i_1, d] ... e[b, i_k, d], for k = 1 to ORDER, by adding field
//             after field: a_k += a_(k-1) x, the highest order first
//   backward  de[b, f, d] = sum_k dy[b, k, d] r_(k-1) with r_0 = 1 and r_k = y[b, k, d] - x r_(k-1): sums without field f
// Shapes: e, de [B, F, D]; y, sums, dy [B, ORDER, D]; f32. Sums of products only: power sums would cancel.
// Grid: forward one invocation per (b, lane of D); backward one per (b, f, lane of D). Fixed order, no atomics.
const LANES: u32 = 4u;  // lanes of D
const ORDER: u32 = 2u;

struct Params { batch: u32, fields: u32 }
@group(0) @binding(0) var<storage, read> e: array<Lane>;
@group(0) @binding(1) var<storage, read_write> y: array<Lane>;
@group(0) @binding(2) var<storage, read> sums: array<Lane>;
@group(0) @binding(3) var<storage, read> dy: array<Lane>;
@group(0) @binding(4) var<storage, read_write> de: array<Lane>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.batch * LANES) { return; }
  let b = i / LANES;
  let c = i % LANES;
  var a: array<Lane, ORDER>;
  for (var f = 0u; f < params.fields; f++) {
    let x = e[(b * params.fields + f) * LANES + c];
    for (var k = ORDER - 1u; k > 0u; k--) { a[k] += a[k - 1u] * x; }
    a[0] += x;
  }
  for (var k = 0u; k < ORDER; k++) { y[(b * ORDER + k) * LANES + c] = a[k]; }
}

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let row = i / LANES;
  if (row >= params.batch * params.fields) { return; }
  let first = row / params.fields * ORDER * LANES + i % LANES;
  let x = e[i];
  var without = Lane() + 1.0;
  var gradient = dy[first];
  for (var k = 1u; k < ORDER; k++) {
    without = sums[first + (k - 1u) * LANES] - x * without;
    gradient += dy[first + k * LANES] * without;
  }
  de[i] = gradient;
}
