// A matrix packed into an image: rows in fours, padded with zeros; needs image.wgsl.
//   image[r, c] = x[first + r row_stride + c column_stride], 0 for rows and columns past the end
// Shapes: image [padded_rows, 4 ceil(columns / 4)]; f32.
// Grid: one invocation per texel. Memory: 32 bytes per texel.
struct Params {
  rows: u32,
  padded_rows: u32,
  columns: u32,
  first: u32,
  row_stride: u32,
  column_stride: u32,
}
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var image: texture_storage_2d<rgba32float, write>;
@group(0) @binding(2) var<uniform> params: Params;

fn element(row: u32, column: u32) -> f32 {
  if (row >= params.rows || column >= params.columns) { return 0.0; }
  return x[params.first + row * params.row_stride + column * params.column_stride];
}

@compute @workgroup_size(64)
fn pack(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let quads = (params.columns + 3u) / 4u;
  if (i >= params.padded_rows * quads) { return; }
  let row = i / quads;
  let column = i % quads * 4u;
  textureStore(image, texel(i), vec4f(
    element(row, column),
    element(row, column + 1u),
    element(row, column + 2u),
    element(row, column + 3u),
  ));
}
