// Layouts around matrix products.
//   pack  packed[r, c] = x[r row_stride + c column_stride], 0 for columns past the end: pads rows to fours, transposes
//   sum   y[r, c] = sum_s parts[s, r, c], slices in order: bit-reproducible; drops the padding of rows
// Shapes: packed [rows, 4 ceil(columns / 4)], parts [slices, ...] in rows of `stride` and slices of `slice` lanes.
// Grid: one invocation per four numbers of packed, or per lane of y. Memory: 8 bytes per number; sum 4 (slices + 1).
struct Params {
  rows: u32,
  columns: u32,
  row_stride: u32,
  column_stride: u32,
  slices: u32,
  slice: u32,
}
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> packed: array<vec4f>;
@group(0) @binding(2) var<storage, read> parts: array<Lane>;
@group(0) @binding(3) var<storage, read_write> y: array<Lane>;
@group(0) @binding(4) var<uniform> params: Params;

fn element(row: u32, column: u32) -> f32 {
  if (column >= params.columns) { return 0.0; }
  return x[row * params.row_stride + column * params.column_stride];
}

@compute @workgroup_size(64)
fn pack(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let quads = (params.columns + 3u) / 4u;
  if (i >= params.rows * quads) { return; }
  let row = i / quads;
  let column = i % quads * 4u;
  packed[i] = vec4f(
    element(row, column),
    element(row, column + 1u),
    element(row, column + 2u),
    element(row, column + 3u),
  );
}

@compute @workgroup_size(64)
fn sum(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.rows * params.columns) { return; }
  let at = i / params.columns * params.row_stride + i % params.columns;
  var total = Lane();
  for (var s = 0u; s < params.slices; s++) { total += parts[s * params.slice + at]; }
  y[i] = total;
}
