// Batch normalization with activation and dropout (Ioffe and Szegedy, ICML 2015).
//   forward   xhat = (x - mean) rstd,  z = gamma xhat + beta,  y = dropout(activate(z)),  rstd = 1 / sqrt(var + eps)
//   backward  dz = dy dropout' activate'(z),  dbeta = sum_b dz,  dgamma = sum_b dz xhat
//             dx = gamma rstd (dz - dbeta / n - xhat dgamma / n) over batch statistics, gamma rstd dz over running ones
// Needs batch_norm_merge.wgsl, which has the merges.
// mean and var (biased) are over the n = step.rows places valid rows, all places of a valid row of the batch; dx of
// padding rows is 0.
//   moments         mean and sum of squared deviations of each column over each slice of rows
//   merge_moments   folds the slices and updates the running statistics
//   normalize       the forward
//   gradient_sums   dz and dz xhat summed over each slice of rows; merge_sums folds the slices
//   moments_ahead, gradient_sums_ahead  the same for GPUs: four rows are loaded at a time, and wait for memory once
//   gradient        dx
// Shapes: x, y, dy, dx [rows, N]; partial [slices, 2, N]; sums, merged [2, N]; all others [N]; f32.
// Grid: one invocation per slice of rows and WIDTH columns; the merges one workgroup per 16 columns.
// Memory: 4 bytes per element for moments, 8 for gradient_sums and normalize, 12 for gradient. Fixed order everywhere.
// Other loops run for the whole slice in all invocations, with rows past its end masked: a software adapter runs several
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

// How far a row's numbers are from others, and 0 past the end.
fn off(b: u32, end: u32, at: Work, origin: Lanes) -> Lanes {
  return select(Lanes(0.0), x[min(b, end - 1u) * at.stride + at.n] - origin, b < end);
}

@compute @workgroup_size(64)
fn moments_ahead(
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
  for (var b = at.begin; b < end; b += 4u) {
    let d0 = off(b, end, at, origin);
    let d1 = off(b + 1u, end, at, origin);
    let d2 = off(b + 2u, end, at, origin);
    let d3 = off(b + 3u, end, at, origin);
    sum += d0 + d1 + (d2 + d3);
    squares += d0 * d0 + d1 * d1 + (d2 * d2 + d3 * d3);
  }
  let shift = sum / f32(end - at.begin);
  partial[2u * at.slice * at.stride + at.n] = origin + shift;
  partial[(2u * at.slice + 1u) * at.stride + at.n] = squares - sum * shift;
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

// What a column's rows share, and what one of them adds to its sums.
struct Column { center: Lanes, rstd: Lanes, scale: Lanes, shift: Lanes }
struct Terms { sum: Lanes, product: Lanes }

fn terms_of(b: u32, end: u32, at: Work, column: Column) -> Terms {
  let i = min(b, end - 1u) * at.stride + at.n;
  let xhat = (x[i] - column.center) * column.rstd;
  let slope = slope_lanes(activate_lanes(column.scale * xhat + column.shift));
  let dz = select(Lanes(0.0), dy[i] * dropout_lanes(WIDTH * i) * slope, b < end);
  return Terms(dz, dz * xhat);
}

@compute @workgroup_size(64)
fn gradient_sums_ahead(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = work(linear_group(group, groups) * 64u + lane);
  let end = min(at.end, valid_rows());
  if (!at.exists || at.begin >= end) { return; }
  let column = Column(mean[at.n], rstd_of(at.n), gamma[at.n], beta[at.n]);
  var sum = Lanes(0.0);
  var product = Lanes(0.0);
  for (var b = at.begin; b < end; b += 4u) {
    let t0 = terms_of(b, end, at, column);
    let t1 = terms_of(b + 1u, end, at, column);
    let t2 = terms_of(b + 2u, end, at, column);
    let t3 = terms_of(b + 3u, end, at, column);
    sum += t0.sum + t1.sum + (t2.sum + t3.sum);
    product += t0.product + t1.product + (t2.product + t3.product);
  }
  partial[2u * at.slice * at.stride + at.n] = product;
  partial[(2u * at.slice + 1u) * at.stride + at.n] = sum;
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
