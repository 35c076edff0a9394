// The largest rows of a map along the field axis, for GPUs (formulas, shapes and order: field_pooling.wgsl).
// Grid: one invocation per column, which ranks eight rows at a time: each number that it reads is compared with all eight.
struct Params { maps: u32, from_rows: u32, to_rows: u32, dim: u32, size: u32, before: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;  // dx in the backward
@group(0) @binding(3) var<uniform> params: Params;

// Rows that come before each of eight rows in the order of values.
struct Ranks { low: vec4u, high: vec4u }

fn row_at(column: u32, n: u32) -> f32 {
  return x[column + min(n, params.from_rows - 1u) * params.dim];
}

fn four_at(column: u32, n: u32) -> vec4f {
  return vec4f(row_at(column, n), row_at(column, n + 1u), row_at(column, n + 2u), row_at(column, n + 3u));
}

fn ones(which: vec4<bool>) -> vec4u {
  return select(vec4u(), vec4u(1u), which);
}

fn is_before(next: f32, other: u32, values: vec4f, n: u32) -> vec4<bool> {
  return (vec4f(next) > values) | ((vec4f(next) == values) & (vec4u(other) < vec4u(n, n + 1u, n + 2u, n + 3u)));
}

fn ranks_of(column: u32, n: u32) -> Ranks {
  let low = four_at(column, n);
  let high = four_at(column, n + 4u);
  var ranks = Ranks();
  // Of equal numbers the first one comes first.
  for (var other = 0u; other < n; other++) {
    let next = x[column + other * params.dim];
    ranks.low += ones(vec4f(next) >= low);
    ranks.high += ones(vec4f(next) >= high);
  }
  let end = min(n + 8u, params.from_rows);
  for (var other = n; other < end; other++) {
    let next = x[column + other * params.dim];
    ranks.low += ones(is_before(next, other, low, n));
    ranks.high += ones(is_before(next, other, high, n + 4u));
  }
  for (var other = end; other < params.from_rows; other++) {
    let next = x[column + other * params.dim];
    ranks.low += ones(vec4f(next) > low);
    ranks.high += ones(vec4f(next) > high);
  }
  return ranks;
}

// Keeps row n as number m of y's column where its rank says so; returns the number of the next one.
fn keep(column: u32, target_column: u32, n: u32, rank: u32, m: u32) -> u32 {
  if (n >= params.from_rows || rank >= params.to_rows) { return m; }
  y[target_column + m * params.dim] = x[column + n * params.dim];
  return m + 1u;
}

// Gives row n the slope of number m of dy's column where it was kept as that; returns the number of the next one.
fn pull(column: u32, source_column: u32, n: u32, rank: u32, m: u32) -> u32 {
  if (n >= params.from_rows) { return m; }
  var slope = 0.0;
  let is_kept = rank < params.to_rows;
  if (is_kept) { slope = dy[source_column + m * params.dim]; }
  y[column + n * params.dim] = slope;
  return select(m, m + 1u, is_kept);
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
  let other = map * params.to_rows * params.dim + i % params.dim;
  var m = 0u;
  for (var n = 0u; n < params.from_rows; n += 8u) {
    let ranks = ranks_of(column, n);
    m = keep(column, other, n, ranks.low.x, m);
    m = keep(column, other, n + 1u, ranks.low.y, m);
    m = keep(column, other, n + 2u, ranks.low.z, m);
    m = keep(column, other, n + 3u, ranks.low.w, m);
    m = keep(column, other, n + 4u, ranks.high.x, m);
    m = keep(column, other, n + 5u, ranks.high.y, m);
    m = keep(column, other, n + 6u, ranks.high.z, m);
    m = keep(column, other, n + 7u, ranks.high.w, m);
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
  let other = map * params.to_rows * params.dim + i % params.dim;
  var m = 0u;
  for (var n = 0u; n < params.from_rows; n += 8u) {
    let ranks = ranks_of(column, n);
    m = pull(column, other, n, ranks.low.x, m);
    m = pull(column, other, n + 1u, ranks.low.y, m);
    m = pull(column, other, n + 2u, ranks.low.z, m);
    m = pull(column, other, n + 3u, ranks.low.w, m);
    m = pull(column, other, n + 4u, ranks.high.x, m);
    m = pull(column, other, n + 5u, ranks.high.y, m);
    m = pull(column, other, n + 6u, ranks.high.z, m);
    m = pull(column, other, n + 7u, ranks.high.w, m);
  }
}
