// Columns moved between matrices.
//   copy_columns  y[r, to + n] = x[r, from + n]  for n < count
//   pad           y[r, n] = x[r, n - to]  for to <= n < to + count, else 0
//   add_columns   y[r, n] = rest[r, n] + x[r, n - to]  for to <= n < to + count, else rest[r, n]
// Shapes: x [rows, x_width]; y, rest [rows, y_width]; f32, widths and columns counted in lanes.
// Grid: one invocation per lane copied (copy_columns) or of y (pad, add_columns).
struct Params { rows: u32, count: u32, x_width: u32, y_width: u32, from_column: u32, to_column: u32 }
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read_write> y: array<Lane>;
@group(0) @binding(2) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> rest: array<Lane>;

@compute @workgroup_size(256)
fn copy_columns(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  let row = i / params.count;
  if (row >= params.rows) { return; }
  let n = i % params.count;
  y[row * params.y_width + params.to_column + n] = x[row * params.x_width + params.from_column + n];
}

// What x has for a lane of y.
fn padded(i: u32) -> Lane {
  let n = i % params.y_width;
  let inside = n >= params.to_column && n < params.to_column + params.count;
  return select(Lane(), x[i / params.y_width * params.x_width + select(0u, n - params.to_column, inside)], inside);
}

@compute @workgroup_size(256)
fn pad(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i < params.rows * params.y_width) { y[i] = padded(i); }
}

@compute @workgroup_size(256)
fn add_columns(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i < params.rows * params.y_width) { y[i] = rest[i] + padded(i); }
}
