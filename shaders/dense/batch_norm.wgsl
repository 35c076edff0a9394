// Batch normalization with activation and dropout (Ioffe and Szegedy, ICML 2015).
//   forward   xhat = (x - mean) rstd,  z = gamma xhat + beta,  y = dropout(activate(z)),  rstd = 1 / sqrt(var + eps)
//   backward  dz = dy dropout' activate'(z),  dbeta = sum_b dz,  dgamma = sum_b dz xhat
//             dx = gamma rstd (dz - dbeta / n - xhat dgamma / n) over batch statistics, gamma rstd dz over running ones
// mean and var (biased) are over the n = step.rows places valid rows, all places of a valid row of the batch; dx of
// padding rows is 0.
//   moments         mean and sum of squared deviations of each column over each slice of rows
//   merge_moments   folds the slices (Chan, Golub and LeVeque, 1983), updates the running statistics
//   normalize       the forward
//   gradient_sums   dz and dz xhat summed over each slice of rows; merge_sums folds the slices
//   gradient        dx
// Shapes: x, y, dy, dx [rows, N]; partial [slices, 2, N]; sums, merged [2, N]; all others [N]; f32.
// Grid: one invocation per slice of rows and WIDTH columns; the merges one workgroup per 16 columns.
// Memory: 4 bytes per element for moments, 8 for gradient_sums and normalize, 12 for gradient. Fixed order everywhere.
// Loops run for the whole slice in all invocations, with rows past its end masked: a software adapter runs several
// invocations in lockstep and is half as fast when their loops may end at different rows.
override BATCH_STATISTICS: bool = true;  // false: mean and spread hold running statistics

struct Params {
  rows: u32,      // B places
  places: u32,    // rows that a row of the batch has
  columns: u32,   // N
  slice: u32,     // rows of a slice
  slices: u32,    // ceil(B / slice)
  epsilon: f32,
  momentum: f32,  // weight of this batch in the running statistics
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Lanes>;
@group(0) @binding(2) var<storage, read> dy: array<Lanes>;
@group(0) @binding(3) var<storage, read> mean: array<Lanes>;
@group(0) @binding(4) var<storage, read> spread: array<Lanes>;  // rstd, or the running variance
@group(0) @binding(5) var<storage, read> gamma: array<Lanes>;
@group(0) @binding(6) var<storage, read> beta: array<Lanes>;
@group(0) @binding(7) var<storage, read> sums: array<Lanes>;  // dgamma, then dbeta: two bindings would be one too many
@group(0) @binding(8) var<storage, read_write> merged: array<f32>;  // the same, as merge_sums writes it
@group(0) @binding(9) var<storage, read_write> y: array<Lanes>;
@group(0) @binding(10) var<storage, read_write> partial: array<Lanes>;
@group(0) @binding(11) var<storage, read> slices: array<f32>;
@group(0) @binding(12) var<storage, read_write> first: array<f32>;
@group(0) @binding(13) var<storage, read_write> second: array<f32>;
@group(0) @binding(14) var<storage, read_write> running_mean: array<f32>;
@group(0) @binding(15) var<storage, read_write> running_variance: array<f32>;

// A slice of rows of WIDTH columns.
struct Work {
  n: u32,       // first column / WIDTH
  stride: u32,  // N / WIDTH
  slice: u32,
  begin: u32,   // first row
  end: u32,     // past the last row
  exists: bool,
}

fn valid_rows() -> u32 {
  return step.rows * params.places;
}

fn work(index: u32) -> Work {
  let stride = params.columns / WIDTH;
  let slice = index / stride;
  let begin = slice * params.slice;
  return Work(index % stride, stride, slice, begin, min(begin + params.slice, params.rows), slice < params.slices);
}

fn rstd_of(n: u32) -> Lanes {
  if (BATCH_STATISTICS) { return spread[n]; }
  return 1.0 / sqrt(spread[n] + params.epsilon);
}

// Deviations are from the slice's first row: its distance from the mean is part of the slice's spread, so nothing
// cancels that the result would not be made of.
@compute @workgroup_size(64)
fn moments(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = work(linear_group(group, groups) * 64u + lane);
  let end = min(at.end, valid_rows());
  if (!at.exists || at.begin >= end) { return; }
  let origin = x[at.begin * at.stride + at.n];
  var sum = Lanes(0.0);
  var squares = Lanes(0.0);
  for (var r = 0u; r < params.slice; r++) {
    let b = at.begin + r;
    let d = (x[min(b, end - 1u) * at.stride + at.n] - origin) * select(0.0, 1.0, b < end);
    sum += d;
    squares += d * d;
  }
  let shift = sum / f32(end - at.begin);
  partial[2u * at.slice * at.stride + at.n] = origin + shift;
  partial[(2u * at.slice + 1u) * at.stride + at.n] = squares - sum * shift;
}

struct Moments { count: f32, mean: f32, squares: f32 }

fn merge(a: Moments, b: Moments) -> Moments {
  if (b.count == 0.0) { return a; }
  let count = a.count + b.count;
  let d = b.mean - a.mean;
  let share = b.count / count;
  return Moments(count, a.mean + d * share, a.squares + b.squares + d * d * a.count * share);
}

var<workgroup> tree: array<Moments, 256>;  // 16 columns, 16 shares of the slices each

@compute @workgroup_size(16, 16)
fn merge_moments(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) lane: vec3u,
) {
  let column = linear_group(group, groups) * 16u + lane.x;
  let exists = column < params.columns;
  var all = Moments(0.0, 0.0, 0.0);
  if (exists) {
    for (var slice = lane.y; slice * params.slice < valid_rows(); slice += 16u) {
      let count = f32(min(params.slice, valid_rows() - slice * params.slice));
      let at = 2u * slice * params.columns + column;
      all = merge(all, Moments(count, slices[at], slices[at + params.columns]));
    }
  }
  tree[lane.y * 16u + lane.x] = all;
  for (var half = 8u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane.y < half) {
      let i = lane.y * 16u + lane.x;
      tree[i] = merge(tree[i], tree[i + half * 16u]);
    }
  }
  if (exists && lane.y == 0u) { store_moments(column, tree[lane.x]); }
}

fn store_moments(column: u32, all: Moments) {
  let n = max(all.count, 1.0);
  first[column] = all.mean;
  second[column] = 1.0 / sqrt(all.squares / n + params.epsilon);
  if (all.count == 0.0) { return; }
  running_mean[column] += params.momentum * (all.mean - running_mean[column]);
  if (all.count == 1.0) { return; }
  running_variance[column] += params.momentum * (all.squares / (n - 1.0) - running_variance[column]);
}

@compute @workgroup_size(64)
fn normalize(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = work(linear_group(group, groups) * 64u + lane);
  if (!at.exists) { return; }
  let center = mean[at.n];
  let scale = gamma[at.n] * rstd_of(at.n);
  let shift = beta[at.n];
  for (var r = 0u; r < params.slice; r++) {
    let i = min(at.begin + r, at.end - 1u) * at.stride + at.n;
    y[i] = activate_lanes((x[i] - center) * scale + shift) * dropout_lanes(WIDTH * i);
  }
}

@compute @workgroup_size(64)
fn gradient_sums(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = work(linear_group(group, groups) * 64u + lane);
  let end = min(at.end, valid_rows());
  if (!at.exists || at.begin >= end) { return; }
  let center = mean[at.n];
  let rstd = rstd_of(at.n);
  let scale = gamma[at.n];
  let shift = beta[at.n];
  var sum = Lanes(0.0);
  var product = Lanes(0.0);
  for (var r = 0u; r < params.slice; r++) {
    let b = at.begin + r;
    let i = min(b, end - 1u) * at.stride + at.n;
    let xhat = (x[i] - center) * rstd;
    let kept = dropout_lanes(WIDTH * i) * select(0.0, 1.0, b < end);
    let dz = dy[i] * kept * slope_lanes(activate_lanes(scale * xhat + shift));
    sum += dz;
    product += dz * xhat;
  }
  partial[2u * at.slice * at.stride + at.n] = product;
  partial[(2u * at.slice + 1u) * at.stride + at.n] = sum;
}

@compute @workgroup_size(16, 16)
fn merge_sums(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) lane: vec3u,
) {
  let column = linear_group(group, groups) * 16u + lane.x;
  let exists = column < params.columns;
  var total = vec2f(0.0);
  if (exists) {
    for (var slice = lane.y; slice * params.slice < valid_rows(); slice += 16u) {
      let at = 2u * slice * params.columns + column;
      total += vec2f(slices[at], slices[at + params.columns]);
    }
  }
  tree[lane.y * 16u + lane.x] = Moments(0.0, total.x, total.y);
  for (var half = 8u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane.y < half) {
      let i = lane.y * 16u + lane.x;
      let j = i + half * 16u;
      tree[i] = Moments(0.0, tree[i].mean + tree[j].mean, tree[i].squares + tree[j].squares);
    }
  }
  if (exists && lane.y == 0u) {
    first[column] = tree[lane.x].mean;
    second[column] = tree[lane.x].squares;
    merged[column] = tree[lane.x].mean;
    merged[params.columns + column] = tree[lane.x].squares;
  }
}

// y receives dx.
@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = work(linear_group(group, groups) * 64u + lane);
  if (!at.exists) { return; }
  let center = mean[at.n];
  let rstd = rstd_of(at.n);
  let scale = gamma[at.n];
  let shift = beta[at.n];
  let count = f32(max(valid_rows(), 1u));
  var from_mean = Lanes(0.0);
  var from_spread = Lanes(0.0);
  if (BATCH_STATISTICS) {
    from_mean = sums[at.stride + at.n] / count;
    from_spread = sums[at.n] / count;
  }
  for (var r = 0u; r < params.slice; r++) {
    let b = min(at.begin + r, at.end - 1u);
    let i = b * at.stride + at.n;
    let xhat = (x[i] - center) * rstd;
    let dz = dy[i] * dropout_lanes(WIDTH * i) * slope_lanes(activate_lanes(scale * xhat + shift));
    y[i] = select(0.0, 1.0, b < valid_rows()) * scale * rstd * (dz - from_mean - xhat * from_spread);
  }
}
