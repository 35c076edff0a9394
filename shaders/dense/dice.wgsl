// Dice: each element keeps a share of itself that depends on the statistics of its column (Zhou et al., KDD 2018, eq. 6).
//   apply     y = x (p + (1 - p) slope[n]),  p = sigmoid(xhat),  xhat = (x - mean) rstd
//   sums      per slice of rows and column the sums of dxhat, dxhat xhat and dy x (1 - p), dxhat = dy x (1 - slope) p (1 - p)
//   merge     folds the slices; the third sum is dslope
//   gradient  dx = dy (p + (1 - p) slope) + rstd (dxhat - (sum dxhat + xhat sum (dxhat xhat)) / n), n valid rows; without
//             the sums where the statistics are running ones
// Shapes: x, y, dy, dx [rows, N]; partial [slices, 3, N]; totals [2, N]; all others [N]; f32. All places of a valid row of
// the batch are valid rows. Grid: one invocation per element; for sums per slice and column, for merge per column.
override BATCH_STATISTICS: bool = true;  // false: spread holds running variances

struct Params { rows: u32, places: u32, columns: u32, slice: u32, slices: u32, epsilon: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> spread: array<f32>;  // rstd, or the running variance
@group(0) @binding(5) var<storage, read> slope: array<f32>;
@group(0) @binding(6) var<storage, read> totals: array<f32>;
@group(0) @binding(7) var<storage, read> slices: array<f32>;
@group(0) @binding(8) var<storage, read_write> y: array<f32>;
@group(0) @binding(9) var<storage, read_write> partial: array<f32>;
@group(0) @binding(10) var<storage, read_write> merged: array<f32>;
@group(0) @binding(11) var<storage, read_write> d_slope: array<f32>;

fn valid_rows() -> u32 {
  return step.rows * params.places;
}

fn rstd_of(n: u32) -> f32 {
  if (BATCH_STATISTICS) { return spread[n]; }
  return 1.0 / sqrt(spread[n] + params.epsilon);
}

fn share(xhat: f32) -> f32 {
  return 1.0 / (1.0 + exp(-xhat));
}

@compute @workgroup_size(256)
fn apply(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.rows * params.columns) { return; }
  let n = i % params.columns;
  let p = share((x[i] - mean[n]) * rstd_of(n));
  y[i] = x[i] * (p + (1.0 - p) * slope[n]);
}

@compute @workgroup_size(64)
fn sums(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = linear_group(group, groups) * 64u + lane;
  let slice = index / params.columns;
  if (slice >= params.slices) { return; }
  let n = index % params.columns;
  let center = mean[n];
  let rstd = rstd_of(n);
  let slope_n = slope[n];
  let end = min((slice + 1u) * params.slice, valid_rows());
  var from_mean = 0.0;
  var from_spread = 0.0;
  var from_slope = 0.0;
  for (var row = slice * params.slice; row < end; row++) {
    let i = row * params.columns + n;
    let xhat = (x[i] - center) * rstd;
    let p = share(xhat);
    let slope_p = dy[i] * x[i] * (1.0 - p);
    let dxhat = slope_p * (1.0 - slope_n) * p;
    from_mean += dxhat;
    from_spread += dxhat * xhat;
    from_slope += slope_p;
  }
  let at = 3u * slice * params.columns + n;
  partial[at] = from_mean;
  partial[at + params.columns] = from_spread;
  partial[at + 2u * params.columns] = from_slope;
}

var<workgroup> tree: array<vec3f, 256>;  // 16 columns, 16 shares of the slices each

@compute @workgroup_size(16, 16)
fn merge(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) lane: vec3u,
) {
  let n = linear_group(group, groups) * 16u + lane.x;
  var total = vec3f();
  if (n < params.columns) {
    for (var slice = lane.y; slice < params.slices; slice += 16u) {
      let at = 3u * slice * params.columns + n;
      total += vec3f(slices[at], slices[at + params.columns], slices[at + 2u * params.columns]);
    }
  }
  tree[lane.y * 16u + lane.x] = total;
  for (var half = 8u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane.y < half) {
      let i = lane.y * 16u + lane.x;
      tree[i] += tree[i + half * 16u];
    }
  }
  if (n < params.columns && lane.y == 0u) {
    merged[n] = tree[lane.x].x;
    merged[params.columns + n] = tree[lane.x].y;
    d_slope[n] = tree[lane.x].z;
  }
}

// y receives dx.
@compute @workgroup_size(256)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.rows * params.columns) { return; }
  let n = i % params.columns;
  let rstd = rstd_of(n);
  let xhat = (x[i] - mean[n]) * rstd;
  let p = share(xhat);
  var dxhat = dy[i] * x[i] * (1.0 - slope[n]) * p * (1.0 - p);
  if (BATCH_STATISTICS) {
    dxhat -= (totals[n] + xhat * totals[params.columns + n]) / f32(max(valid_rows(), 1u));
  }
  let dx = dy[i] * (p + (1.0 - p) * slope[n]) + rstd * dxhat;
  y[i] = select(0.0, dx, i / params.columns < valid_rows());
}
