// Element products of pairs i < j of fields, written into an image; needs image.wgsl and pair_order.wgsl.
//   image[b, p, :] = u[b, i, :] x[b, j, :] for params.pairs pairs from params.first on; 0 for rows past the last
// Shapes: u, x [B, F, D], of which params.rows samples from params.first_row on; image [padded_rows, pairs, D]; f32.
// Grid: one invocation per (b, lane of D). Memory: 16 bytes written per lane of a product, x read once and u once a field.
const LANES: u32 = 4u;  // fours in D

struct Params {
  rows: u32, padded_rows: u32, first_row: u32,
  fields: u32, first: u32, pairs: u32,
}
@group(0) @binding(0) var<storage, read> u: array<vec4f>;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var image: texture_storage_2d<rgba32float, write>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(32)
fn products(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 32u + lane;
  let b = i / LANES;
  if (b >= params.padded_rows) { return; }
  let target_at = b * params.pairs * LANES + i % LANES;
  if (b >= params.rows) {
    for (var p = 0u; p < params.pairs; p++) { textureStore(image, texel(target_at + p * LANES), vec4f()); }
    return;
  }
  let start = (params.first_row + b) * params.fields * LANES + i % LANES;
  var pair = fields_of(params.first);
  var left = u[start + pair.x * LANES];
  for (var p = 0u; p < params.pairs; p++) {
    textureStore(image, texel(target_at + p * LANES), left * x[start + pair.y * LANES]);
    pair.y++;
    if (pair.y == params.fields && p + 1u < params.pairs) {
      pair = vec2u(pair.x + 1u, pair.x + 2u);
      left = u[start + pair.x * LANES];
    }
  }
}
