// Dice over batch statistics by two dispatches each way, for GPUs: kernels over all elements fold the slices themselves.
//   moments   per slice of rows and column the mean and the sum of squared deviations
//   apply     y = x (p + (1 - p) slope[n]),  p = sigmoid(xhat),  xhat = (x - mean) rstd; moves the running statistics
//   sums      per slice of rows and column the sums of dxhat, dxhat xhat and dy x (1 - p), with
//             dxhat = dy x (1 - slope) p (1 - p)
//   gradient  dx = dy (p + (1 - p) slope) + rstd (dxhat - (sum dxhat + xhat sum (dxhat xhat)) / n), n valid rows;
//             dslope is the third sum
// Shapes: x, y, dy, dx [rows, N]; partial, slices [slices, 2, N] or [slices, 3, N]; all others [N]; f32. All places of
// a valid row of the batch are valid rows.
// Grid: a workgroup of 32 columns and 8 threads for each per slice (moments, sums) or tile of rows (apply, gradient).
// Every tile folds all slices of its columns, which are few: the sums are the same in all, and the first one keeps them.
// A thread loads four rows, or four slices, at a time, so that loads do not wait for one another.
// Fixed order everywhere, no atomics: bit-reproducible.
struct Params {
  rows: u32,
  places: u32,   // rows that a row of the batch has
  columns: u32,  // N
  slice: u32,    // rows of a slice
  slices: u32,
  tile: u32,     // rows of a tile
  epsilon: f32,
  momentum: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> rstd: array<f32>;
@group(0) @binding(5) var<storage, read> slope: array<f32>;
@group(0) @binding(6) var<storage, read> slices: array<f32>;
@group(0) @binding(7) var<storage, read_write> y: array<f32>;
@group(0) @binding(8) var<storage, read_write> partial: array<f32>;
@group(0) @binding(9) var<storage, read_write> batch_mean: array<f32>;
@group(0) @binding(10) var<storage, read_write> batch_rstd: array<f32>;
@group(0) @binding(11) var<storage, read_write> running_mean: array<f32>;
@group(0) @binding(12) var<storage, read_write> running_variance: array<f32>;
@group(0) @binding(13) var<storage, read_write> d_slope: array<f32>;

var<workgroup> tree: array<vec3f, 256>;  // 32 columns, 8 shares each

fn valid_rows() -> u32 {
  return step.rows * params.places;
}

fn share(xhat: f32) -> f32 {
  return 1.0 / (1.0 + exp(-xhat));
}

// What a workgroup works on: a column for each thread, and the number of the slice or tile.
struct Place { column: u32, number: u32, exists: bool }

fn place_of(group: u32, id: vec3u) -> Place {
  let across = (params.columns + 31u) / 32u;
  let column = group % across * 32u + id.x;
  return Place(min(column, params.columns - 1u), group / across, column < params.columns);
}

// Moments are (count, mean, sum of squared deviations); Chan, Golub and LeVeque, 1983.
fn merge(a: vec3f, b: vec3f) -> vec3f {
  if (b.x == 0.0) { return a; }
  let count = a.x + b.x;
  let d = b.y - a.y;
  let part = b.x / count;
  return vec3f(count, a.y + d * part, a.z + b.z + d * d * a.x * part);
}

// The moments of the 8 shares of each column, to all its threads.
fn fold_moments(own: vec3f, id: vec3u) -> vec3f {
  let i = id.y * 32u + id.x;
  tree[i] = own;
  for (var half = 4u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (id.y < half) { tree[i] = merge(tree[i], tree[i + half * 32u]); }
  }
  workgroupBarrier();
  return tree[id.x];
}

// The sums of the 8 shares of each column, to all its threads.
fn fold_sums(own: vec3f, id: vec3u) -> vec3f {
  let i = id.y * 32u + id.x;
  tree[i] = own;
  for (var half = 4u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (id.y < half) { tree[i] += tree[i + half * 32u]; }
  }
  workgroupBarrier();
  return tree[id.x];
}

// The row of a number, or the last one before the end again, so that no load waits for a branch.
fn cell(row: u32, column: u32, end: u32) -> u32 {
  return min(row, end - 1u) * params.columns + column;
}

// How far a row's number is from one, and 0 past the end.
fn off(row: u32, column: u32, end: u32, origin: f32) -> f32 {
  return select(0.0, x[cell(row, column, end)] - origin, row < end);
}

// Deviations are from the thread's first row: its distance from the mean is part of their spread, so nothing cancels
// that the result would not be made of.
@compute @workgroup_size(32, 8)
fn moments(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let at = place_of(linear_group(group, groups), id);
  let first = at.number * params.slice + id.y;
  let end = min((at.number + 1u) * params.slice, valid_rows());
  var own = vec3f();
  if (at.number < params.slices && first < end) {
    let origin = x[first * params.columns + at.column];
    var sum = 0.0;
    var squares = 0.0;
    for (var row = first; row < end; row += 32u) {
      let d0 = off(row, at.column, end, origin);
      let d1 = off(row + 8u, at.column, end, origin);
      let d2 = off(row + 16u, at.column, end, origin);
      let d3 = off(row + 24u, at.column, end, origin);
      sum += d0 + d1 + (d2 + d3);
      squares += d0 * d0 + d1 * d1 + (d2 * d2 + d3 * d3);
    }
    let count = f32((end - first + 7u) / 8u);
    own = vec3f(count, origin + sum / count, squares - sum * sum / count);
  }
  let all = fold_moments(own, id);
  if (!at.exists || id.y > 0u || at.number >= params.slices) { return; }
  partial[2u * at.number * params.columns + at.column] = all.y;
  partial[(2u * at.number + 1u) * params.columns + at.column] = all.z;
}

// The moments of a slice, of no rows past the valid ones.
fn slice_moments(slice: u32, column: u32) -> vec3f {
  let count = min(params.slice, valid_rows() - min(valid_rows(), slice * params.slice));
  let at = 2u * min(slice, params.slices - 1u) * params.columns + column;
  return vec3f(f32(count), slices[at], slices[at + params.columns]);
}

fn apply_to(row: u32, column: u32, end: u32, number: f32, xhat: f32, bend: f32) {
  if (row >= end) { return; }
  let p = share(xhat);
  y[row * params.columns + column] = number * (p + (1.0 - p) * bend);
}

@compute @workgroup_size(32, 8)
fn apply(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let at = place_of(linear_group(group, groups), id);
  var own = vec3f();
  for (var slice = id.y; slice * params.slice < valid_rows(); slice += 32u) {
    let m0 = slice_moments(slice, at.column);
    let m1 = slice_moments(slice + 8u, at.column);
    let m2 = slice_moments(slice + 16u, at.column);
    let m3 = slice_moments(slice + 24u, at.column);
    own = merge(merge(merge(merge(own, m0), m1), m2), m3);
  }
  let all = fold_moments(own, id);
  if (!at.exists) { return; }
  let spread = 1.0 / sqrt(all.z / max(all.x, 1.0) + params.epsilon);
  if (at.number == 0u && id.y == 0u) { keep(at.column, all, spread); }
  let bend = slope[at.column];
  let end = min((at.number + 1u) * params.tile, params.rows);
  for (var row = at.number * params.tile + id.y; row < end; row += 32u) {
    let x0 = x[cell(row, at.column, end)];
    let x1 = x[cell(row + 8u, at.column, end)];
    let x2 = x[cell(row + 16u, at.column, end)];
    let x3 = x[cell(row + 24u, at.column, end)];
    apply_to(row, at.column, end, x0, (x0 - all.y) * spread, bend);
    apply_to(row + 8u, at.column, end, x1, (x1 - all.y) * spread, bend);
    apply_to(row + 16u, at.column, end, x2, (x2 - all.y) * spread, bend);
    apply_to(row + 24u, at.column, end, x3, (x3 - all.y) * spread, bend);
  }
}

fn keep(n: u32, all: vec3f, spread: f32) {
  batch_mean[n] = all.y;
  batch_rstd[n] = spread;
  if (all.x == 0.0) { return; }
  running_mean[n] += params.momentum * (all.y - running_mean[n]);
  if (all.x == 1.0) { return; }
  running_variance[n] += params.momentum * (all.z / (all.x - 1.0) - running_variance[n]);
}

// Numbers of a column that its rows share.
struct Column { n: u32, mean: f32, rstd: f32, bend: f32 }

fn column_of(n: u32) -> Column {
  return Column(n, mean[n], rstd[n], slope[n]);
}

// What a row adds to the sums, nothing past the end.
fn term(row: u32, end: u32, own: Column) -> vec3f {
  let i = cell(row, own.n, end);
  let xhat = (x[i] - own.mean) * own.rstd;
  let p = share(xhat);
  let slope_p = select(0.0, dy[i] * x[i] * (1.0 - p), row < end);
  let dxhat = slope_p * (1.0 - own.bend) * p;
  return vec3f(dxhat, dxhat * xhat, slope_p);
}

@compute @workgroup_size(32, 8)
fn sums(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let at = place_of(linear_group(group, groups), id);
  let column = column_of(at.column);
  let end = min((at.number + 1u) * params.slice, valid_rows());
  var own = vec3f();
  for (var row = at.number * params.slice + id.y; row < end; row += 32u) {
    let left = term(row, end, column) + term(row + 8u, end, column);
    own += left + (term(row + 16u, end, column) + term(row + 24u, end, column));
  }
  let all = fold_sums(own, id);
  if (!at.exists || id.y > 0u || at.number >= params.slices) { return; }
  let to = 3u * at.number * params.columns + at.column;
  partial[to] = all.x;
  partial[to + params.columns] = all.y;
  partial[to + 2u * params.columns] = all.z;
}

// The sums of a slice, nothing past the last one.
fn slice_sums(slice: u32, n: u32) -> vec3f {
  let at = 3u * min(slice, params.slices - 1u) * params.columns + n;
  let numbers = vec3f(slices[at], slices[at + params.columns], slices[at + 2u * params.columns]);
  return select(vec3f(), numbers, slice < params.slices);
}

struct Number { x: f32, dy: f32 }

fn load(row: u32, n: u32, end: u32) -> Number {
  let i = cell(row, n, end);
  return Number(x[i], dy[i]);
}

fn differentiate(row: u32, end: u32, own: Column, number: Number, means: vec3f) {
  if (row >= end) { return; }
  let xhat = (number.x - own.mean) * own.rstd;
  let p = share(xhat);
  let dxhat = number.dy * number.x * (1.0 - own.bend) * p * (1.0 - p) - (means.x + xhat * means.y);
  let slope = number.dy * (p + (1.0 - p) * own.bend) + own.rstd * dxhat;
  y[row * params.columns + own.n] = select(0.0, slope, row < valid_rows());
}

// y receives dx.
@compute @workgroup_size(32, 8)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let at = place_of(linear_group(group, groups), id);
  var own = vec3f();
  for (var slice = id.y; slice < params.slices; slice += 32u) {
    let left = slice_sums(slice, at.column) + slice_sums(slice + 8u, at.column);
    own += left + (slice_sums(slice + 16u, at.column) + slice_sums(slice + 24u, at.column));
  }
  let all = fold_sums(own, id);
  if (!at.exists) { return; }
  if (at.number == 0u && id.y == 0u) { d_slope[at.column] = all.z; }
  let column = column_of(at.column);
  let means = all / f32(max(valid_rows(), 1u));
  let end = min((at.number + 1u) * params.tile, params.rows);
  for (var row = at.number * params.tile + id.y; row < end; row += 32u) {
    let n0 = load(row, at.column, end);
    let n1 = load(row + 8u, at.column, end);
    let n2 = load(row + 16u, at.column, end);
    let n3 = load(row + 24u, at.column, end);
    differentiate(row, end, column, n0, means);
    differentiate(row + 8u, end, column, n1, means);
    differentiate(row + 16u, end, column, n2, means);
    differentiate(row + 24u, end, column, n3, means);
  }
}
