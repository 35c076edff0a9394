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
    for (var row = first; row < end; row += 8u) {
      let d = x[row * params.columns + at.column] - origin;
      sum += d;
      squares += d * d;
    }
    let count = f32((end - first + 7u) / 8u);
    own = vec3f(count, origin + sum / count, squares - sum * sum / count);
  }
  let all = fold_moments(own, id);
  if (!at.exists || id.y > 0u || at.number >= params.slices) { return; }
  partial[2u * at.number * params.columns + at.column] = all.y;
  partial[(2u * at.number + 1u) * params.columns + at.column] = all.z;
}

@compute @workgroup_size(32, 8)
fn apply(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let at = place_of(linear_group(group, groups), id);
  var own = vec3f();
  for (var slice = id.y; slice * params.slice < valid_rows(); slice += 8u) {
    let count = f32(min(params.slice, valid_rows() - slice * params.slice));
    let at_slice = 2u * slice * params.columns + at.column;
    own = merge(own, vec3f(count, slices[at_slice], slices[at_slice + params.columns]));
  }
  let all = fold_moments(own, id);
  if (!at.exists) { return; }
  let spread = 1.0 / sqrt(all.z / max(all.x, 1.0) + params.epsilon);
  if (at.number == 0u && id.y == 0u) { keep(at.column, all, spread); }
  let bend = slope[at.column];
  let end = min((at.number + 1u) * params.tile, params.rows);
  for (var row = at.number * params.tile + id.y; row < end; row += 8u) {
    let i = row * params.columns + at.column;
    let p = share((x[i] - all.y) * spread);
    y[i] = x[i] * (p + (1.0 - p) * bend);
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

@compute @workgroup_size(32, 8)
fn sums(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let at = place_of(linear_group(group, groups), id);
  let center = mean[at.column];
  let spread = rstd[at.column];
  let bend = slope[at.column];
  let end = min((at.number + 1u) * params.slice, valid_rows());
  var own = vec3f();
  for (var row = at.number * params.slice + id.y; row < end; row += 8u) {
    let i = row * params.columns + at.column;
    let xhat = (x[i] - center) * spread;
    let p = share(xhat);
    let slope_p = dy[i] * x[i] * (1.0 - p);
    let dxhat = slope_p * (1.0 - bend) * p;
    own += vec3f(dxhat, dxhat * xhat, slope_p);
  }
  let all = fold_sums(own, id);
  if (!at.exists || id.y > 0u || at.number >= params.slices) { return; }
  let to = 3u * at.number * params.columns + at.column;
  partial[to] = all.x;
  partial[to + params.columns] = all.y;
  partial[to + 2u * params.columns] = all.z;
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
  for (var slice = id.y; slice < params.slices; slice += 8u) {
    let at_slice = 3u * slice * params.columns + at.column;
    own += vec3f(slices[at_slice], slices[at_slice + params.columns], slices[at_slice + 2u * params.columns]);
  }
  let all = fold_sums(own, id);
  if (!at.exists) { return; }
  if (at.number == 0u && id.y == 0u) { d_slope[at.column] = all.z; }
  let center = mean[at.column];
  let spread = rstd[at.column];
  let bend = slope[at.column];
  let count = f32(max(valid_rows(), 1u));
  let end = min((at.number + 1u) * params.tile, params.rows);
  for (var row = at.number * params.tile + id.y; row < end; row += 8u) {
    let i = row * params.columns + at.column;
    let xhat = (x[i] - center) * spread;
    let p = share(xhat);
    let dxhat = dy[i] * x[i] * (1.0 - bend) * p * (1.0 - p) - (all.x + xhat * all.y) / count;
    y[i] = select(0.0, dy[i] * (p + (1.0 - p) * bend) + spread * dxhat, row < valid_rows());
  }
}
