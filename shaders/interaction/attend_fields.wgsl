// Fields pooled by a softmax over them, head by head.
//   forward   w[b, f, h] = exp(s[b, f, h]) / sum_i exp(s[b, i, h]);  y[b, h, :] = sum_f w[b, f, h] x[b, f, h, :]
//   backward  dx[b, f, h, :] = w dy[b, h, :];  ds[b, f, h] = w <dy[b, h, :], x[b, f, h, :] - y[b, h, :]>
// Shapes: x, dx [B, F, H, D / H]; s, w, ds [B, F, H]; y, dy [B, H, D / H]; f32.
// Grid: forward one invocation per (b, h, lane); each adds up the denominator itself. Backward one per (b, f, h).
const LANES: u32 = 4u;  // lanes of D / H

struct Params { batch: u32, fields: u32, heads: u32 }
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read> s: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<Lane>;
@group(0) @binding(3) var<storage, read_write> w: array<f32>;
@group(0) @binding(4) var<storage, read> pooled: array<Lane>;
@group(0) @binding(5) var<storage, read> weights: array<f32>;
@group(0) @binding(6) var<storage, read> dy: array<Lane>;
@group(0) @binding(7) var<storage, read_write> dx: array<Lane>;
@group(0) @binding(8) var<storage, read_write> ds: array<f32>;
@group(0) @binding(9) var<uniform> params: Params;

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let row = i / LANES;
  if (row >= params.batch * params.heads) { return; }
  let first = row / params.heads * params.fields * params.heads + row % params.heads;
  var highest = s[first];
  for (var f = 1u; f < params.fields; f++) { highest = max(highest, s[first + f * params.heads]); }
  var total_weight = 0.0;
  var sum = Lane();
  for (var f = 0u; f < params.fields; f++) {
    let at = first + f * params.heads;
    let weight = exp(s[at] - highest);
    total_weight += weight;
    sum += weight * x[at * LANES + i % LANES];
  }
  y[i] = sum / total_weight;
  if (i % LANES > 0u) { return; }
  for (var f = 0u; f < params.fields; f++) {
    let at = first + f * params.heads;
    w[at] = exp(s[at] - highest) / total_weight;
  }
}

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.batch * params.fields * params.heads) { return; }
  let head = i / params.heads / params.fields * params.heads + i % params.heads;
  let weight = weights[i];
  var along = Lane();
  for (var c = 0u; c < LANES; c++) {
    let upstream = dy[head * LANES + c];
    along += upstream * (x[i * LANES + c] - pooled[head * LANES + c]);
    dx[i * LANES + c] = weight * upstream;
  }
  ds[i] = weight * total(along);
}
