// Normalization of columns by group of rows (Sheng et al., CIKM 2021).
//   moments   statistics[:, g, n] = mean, 1 / sqrt(variance + EPSILON) and 1 / rows of the group's rows; moves running ones
//   running   statistics[:, g, n] = the running mean, 1 / sqrt(running variance + EPSILON), 0
//   apply     y[b, n] = gain[g, n] xhat + bias[g, n]   with xhat = (x - mean) rstd
//   sums      dgain[g, n] = sum_b dy xhat;  dbias[g, n] = sum_b dy
//   gradient  dx[b, n] = gain rstd (dy - (dbias + xhat dgain) / rows);  without the division where statistics are running
// In training, rows of group 0 are normalized by its running statistics, which follow all valid rows of the batch. Running
// means and variances stay as they are where a group has no rows, and variances where it has one.
// Shapes: x, y, dy, dx [B, N]; groups, order [B]; offsets [G + 1]; statistics [3, G, N]; all others [G, N]; f32 and u32.
// Padding rows are of group 0. Grid: for moments and sums (N / 16, G) workgroups of 16 columns and 16 shares of the rows,
// four of which are loaded at a time; else one invocation per number.
struct Params { batch: u32, columns: u32, count: u32, epsilon: f32, momentum: f32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> groups: array<u32>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read> offsets: array<u32>;
@group(0) @binding(5) var<storage, read> gain: array<f32>;
@group(0) @binding(6) var<storage, read> bias: array<f32>;
@group(0) @binding(7) var<storage, read> known: array<f32>;  // statistics
@group(0) @binding(8) var<storage, read_write> running_mean: array<f32>;
@group(0) @binding(9) var<storage, read_write> running_variance: array<f32>;
@group(0) @binding(10) var<storage, read_write> statistics: array<f32>;
@group(0) @binding(11) var<storage, read_write> y: array<f32>;
@group(0) @binding(12) var<storage, read> dgain: array<f32>;
@group(0) @binding(13) var<storage, read> dbias: array<f32>;
@group(0) @binding(14) var<storage, read_write> gain_sums: array<f32>;
@group(0) @binding(15) var<storage, read_write> bias_sums: array<f32>;
@group(0) @binding(16) var<uniform> params: Params;

var<workgroup> tree: array<vec2f, 256>;

// Adds up one number pair per invocation over the 16 shares of a column.
fn total(value: vec2f, lane: vec3u) -> vec2f {
  workgroupBarrier();
  tree[lane.y * 16u + lane.x] = value;
  for (var half = 8u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane.y < half) { tree[lane.y * 16u + lane.x] += tree[(lane.y + half) * 16u + lane.x]; }
  }
  workgroupBarrier();
  return tree[lane.x];
}

fn store(at: u32, mean: f32, rstd: f32, share: f32) {
  let size = params.count * params.columns;
  statistics[at] = mean;
  statistics[size + at] = rstd;
  statistics[2u * size + at] = share;
}

// How far a number of a group's row is from another one, and 0 past the end.
fn off(place: u32, end: u32, g: u32, n: u32, origin: f32) -> f32 {
  let at = min(place, end - 1u);
  let row = select(order[at], at, g == 0u);
  return select(0.0, x[row * params.columns + n] - origin, place < end);
}

@compute @workgroup_size(16, 16)
fn moments(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let g = tile.y;
  let n = min(tile.x * 16u + lane.x, params.columns - 1u);
  let first = select(offsets[g], 0u, g == 0u);
  let end = select(offsets[g + 1u], step.rows, g == 0u);
  let rows = f32(max(end - first, 1u));
  var sum = 0.0;
  for (var place = first + lane.y; place < end; place += 64u) {
    let x0 = off(place, end, g, n, 0.0);
    let x1 = off(place + 16u, end, g, n, 0.0);
    let x2 = off(place + 32u, end, g, n, 0.0);
    let x3 = off(place + 48u, end, g, n, 0.0);
    sum = sum + x0 + x1 + x2 + x3;
  }
  let mean = total(vec2f(sum, 0.0), lane).x / rows;
  var square = 0.0;
  for (var place = first + lane.y; place < end; place += 64u) {
    let d0 = off(place, end, g, n, mean);
    let d1 = off(place + 16u, end, g, n, mean);
    let d2 = off(place + 32u, end, g, n, mean);
    let d3 = off(place + 48u, end, g, n, mean);
    square = square + d0 * d0 + d1 * d1 + d2 * d2 + d3 * d3;
  }
  let variance = total(vec2f(square, 0.0), lane).x / rows;
  if (lane.y > 0u || tile.x * 16u + lane.x >= params.columns) { return; }
  let at = g * params.columns + n;
  if (g == 0u) {
    store(at, running_mean[at], 1.0 / sqrt(running_variance[at] + params.epsilon), 0.0);
  } else {
    store(at, mean, 1.0 / sqrt(variance + params.epsilon), 1.0 / rows);
  }
  if (end > first) { running_mean[at] += params.momentum * (mean - running_mean[at]); }
  if (end > first + 1u) {
    running_variance[at] += params.momentum * (variance * rows / (rows - 1.0) - running_variance[at]);
  }
}

@compute @workgroup_size(64)
fn running(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = linear_group(workgroup, workgroups) * 64u + lane;
  if (at >= params.count * params.columns) { return; }
  store(at, running_mean[at], 1.0 / sqrt(running_variance[at] + params.epsilon), 0.0);
}

@compute @workgroup_size(64)
fn apply(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(workgroup, workgroups) * 64u + lane;
  if (i >= params.batch * params.columns) { return; }
  let at = groups[i / params.columns] * params.columns + i % params.columns;
  let xhat = (x[i] - known[at]) * known[params.count * params.columns + at];
  y[i] = gain[at] * xhat + bias[at];
}

// What a row of a group with this mean and rstd adds to the sums, nothing past the end.
fn term(place: u32, end: u32, n: u32, own: vec2f) -> vec2f {
  let i = order[min(place, end - 1u)] * params.columns + n;
  return select(vec2f(), dy[i] * vec2f((x[i] - own.x) * own.y, 1.0), place < end);
}

@compute @workgroup_size(16, 16)
fn sums(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let g = tile.y;
  let n = min(tile.x * 16u + lane.x, params.columns - 1u);
  let at = g * params.columns + n;
  let end = offsets[g + 1u];
  let own = vec2f(known[at], known[params.count * params.columns + at]);
  var sum = vec2f();
  for (var place = offsets[g] + lane.y; place < end; place += 64u) {
    let t0 = term(place, end, n, own);
    let t1 = term(place + 16u, end, n, own);
    let t2 = term(place + 32u, end, n, own);
    let t3 = term(place + 48u, end, n, own);
    sum = sum + t0 + t1 + t2 + t3;
  }
  let all = total(sum, lane);
  if (lane.y > 0u || tile.x * 16u + lane.x >= params.columns) { return; }
  gain_sums[at] = all.x;
  bias_sums[at] = all.y;
}

// y receives dx.
@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(workgroup, workgroups) * 64u + lane;
  if (i >= params.batch * params.columns) { return; }
  let size = params.count * params.columns;
  let at = groups[i / params.columns] * params.columns + i % params.columns;
  let rstd = known[size + at];
  let xhat = (x[i] - known[at]) * rstd;
  y[i] = gain[at] * rstd * (dy[i] - (dbias[at] + xhat * dgain[at]) * known[2u * size + at]);
}
