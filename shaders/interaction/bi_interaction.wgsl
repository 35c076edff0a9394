// Bi-interaction pooling (He and Chua, SIGIR 2017, equation 3) and its gradient.
//   forward   sum[b, :] = sum_f e[b, f, :];  y[b, :] = sum_{f < g} e[b, f, :] e[b, g, :]
//   backward  de[b, f, :] = dy[b, :] (sum[b, :] - e[b, f, :])
// Each row is multiplied by the sum of those before it: 1/2 (sum^2 - sum of squares) is the same, but loses digits.
// Shapes: e, de [B, F, D]; sum, y, dy [B, D]; f32.
// Grid: forward one invocation per (b, lane); backward one per (b, f, SPAN lanes). Fixed order, no atomics.
const LANES: u32 = 4u;         // lanes of D
const SPAN: u32 = 4u;          // lanes that one invocation of backward computes
const KEEPS_SUM: bool = true;  // whether anybody reads sum

struct Params { batch: u32, fields: u32 }
@group(0) @binding(0) var<storage, read> e: array<Lane>;
@group(0) @binding(1) var<storage, read_write> y: array<Lane>;
@group(0) @binding(2) var<storage, read_write> sum: array<Lane>;
@group(0) @binding(3) var<storage, read> total_of: array<Lane>;
@group(0) @binding(4) var<storage, read> dy: array<Lane>;
@group(0) @binding(5) var<storage, read_write> de: array<Lane>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.batch * LANES) { return; }
  let first = i / LANES * params.fields * LANES + i % LANES;
  var s = Lane();
  var pairs = Lane();
  for (var f = 0u; f < params.fields; f++) {
    let x = e[first + f * LANES];
    pairs += x * s;
    s += x;
  }
  if (KEEPS_SUM) { sum[i] = s; }
  y[i] = pairs;
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
  let first = i % parts * SPAN;
  for (var c = first; c < min(first + SPAN, LANES); c++) {
    de[row * LANES + c] = dy[b * LANES + c] * (total_of[b * LANES + c] - e[row * LANES + c]);
  }
}
