// Third-order factorization machine (Blondel, Fujino, Ueda, Ishihata, NIPS 2016, the ANOVA kernel of degree 3).
//   forward   y[b] = sum_d sum_{i<j<k} e[b, i, d] e[b, j, d] e[b, k, d], by adding field after field:
//             a3 += a2 x;  a2 += a1 x;  a1 += x
//   backward  de[b, f, d] = dy[b] (a2 - x (a1 - x)): pairs of the other fields
// Shapes: e, de [B, F, D]; y, dy [B, 1]; sums [B, D, 2 lanes]: a1 and a2 of each lane; f32.
// Grid: forward one invocation per sample; backward one per (b, f, SPAN lanes). Fixed order, no atomics.
const LANES: u32 = 4u;  // lanes of D
const SPAN: u32 = 4u;   // lanes that one invocation of backward computes

struct Params { batch: u32, fields: u32 }
@group(0) @binding(0) var<storage, read> e: array<Lane>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<Lane>;
@group(0) @binding(3) var<storage, read> kept: array<Lane>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> de: array<Lane>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b >= params.batch) { return; }
  var result = 0.0;
  for (var c = 0u; c < LANES; c++) {
    var a1 = Lane();
    var a2 = Lane();
    var a3 = Lane();
    for (var f = 0u; f < params.fields; f++) {
      let x = e[(b * params.fields + f) * LANES + c];
      a3 += a2 * x;
      a2 += a1 * x;
      a1 += x;
    }
    sums[(b * LANES + c) * 2u] = a1;
    sums[(b * LANES + c) * 2u + 1u] = a2;
    result += total(a3);
  }
  y[b] = result;
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
    let x = e[row * LANES + c];
    let a1 = kept[(b * LANES + c) * 2u];
    let a2 = kept[(b * LANES + c) * 2u + 1u];
    de[row * LANES + c] = dy[b] * (a2 - x * (a1 - x));
  }
}
