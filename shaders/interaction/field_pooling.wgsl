// Pooling along the field axis, one dimension d of a map at a time.
//   largest           y[c, m, d] = max over rows m size - before <= n < (m + 1) size - before of x[c, n, d]
//   largest_backward  dx[c, n, d] = dy[c, m, d] at the first of the largest rows of m, else 0
//   top               y[c, :, d] = the `to` largest of x[c, :, d] in the order of their rows; of equal ones the first
//   top_backward      dx[c, n, d] = dy[c, m, d] where row n was kept as number m, else 0
// Shapes: x, dx [maps, from, D]; y, dy [maps, to, D]; f32. Grid: one invocation per number of y (largest) or column (top).
// Each number of dx is written once: no atomics.
struct Params { maps: u32, from_rows: u32, to_rows: u32, dim: u32, size: u32, before: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;  // dx in the backward
@group(0) @binding(3) var<uniform> params: Params;

struct Window { exists: bool, column: u32, first: u32, end: u32, largest: u32 }

fn window(i: u32) -> Window {
  let map = i / params.dim / params.to_rows;
  let m = i / params.dim % params.to_rows;
  let column = map * params.from_rows * params.dim + i % params.dim;
  let first = max(m * params.size, params.before) - params.before;
  let end = min((m + 1u) * params.size - params.before, params.from_rows);
  if (map >= params.maps) { return Window(false, 0u, 0u, 0u, 0u); }
  var largest = first;
  var value = x[column + first * params.dim];
  for (var n = first + 1u; n < end; n++) {
    let next = x[column + n * params.dim];
    if (next > value) {
      value = next;
      largest = n;
    }
  }
  return Window(true, column, first, end, largest);
}

@compute @workgroup_size(64)
fn largest(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let at = window(i);
  if (at.exists) { y[i] = x[at.column + at.largest * params.dim]; }
}

@compute @workgroup_size(64)
fn largest_backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let at = window(i);
  if (!at.exists) { return; }
  for (var n = at.first; n < at.end; n++) { y[at.column + n * params.dim] = select(0.0, dy[i], n == at.largest); }
}

// Rows that come before row n in the order of values.
fn rank(column: u32, n: u32) -> u32 {
  let value = x[column + n * params.dim];
  var before = 0u;
  for (var other = 0u; other < params.from_rows; other++) {
    let next = x[column + other * params.dim];
    before += select(0u, 1u, next > value || (next == value && other < n));
  }
  return before;
}

@compute @workgroup_size(64)
fn top(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let map = i / params.dim;
  if (map >= params.maps) { return; }
  let column = map * params.from_rows * params.dim + i % params.dim;
  var m = map * params.to_rows;
  for (var n = 0u; n < params.from_rows; n++) {
    if (rank(column, n) < params.to_rows) {
      y[m * params.dim + i % params.dim] = x[column + n * params.dim];
      m++;
    }
  }
}

@compute @workgroup_size(64)
fn top_backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let map = i / params.dim;
  if (map >= params.maps) { return; }
  let column = map * params.from_rows * params.dim + i % params.dim;
  var m = map * params.to_rows;
  for (var n = 0u; n < params.from_rows; n++) {
    var slope = 0.0;
    if (rank(column, n) < params.to_rows) {
      slope = dy[m * params.dim + i % params.dim];
      m++;
    }
    y[column + n * params.dim] = slope;
  }
}
