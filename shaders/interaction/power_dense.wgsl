// What surrounds products of powers of fields (src/ops/power_source.ts) under a dense layer.
//   turn         x[b, d, f] = l[b, f, d], 0 for f >= F
//   turn_back    l[b, f, d] = x[b, d, f]
//   block        y[to + i, j] = w[i, from + j] within both matrices, else 0
//   table        rows of what `form` and `slope` need of each neuron, 0 for those past the last
//   rows         y[d, n, h] = w[first + n, d, h], 0 past the last neuron
//   weigh        dw[first + n, d, h] = gamma[n] g[d, n, h] + beta[n] s[h];
//                sums[d, n] = (sum_h w[first + n, d, h] g[d, n, h], sum_h w[first + n, d, h] s[h])
//   merge_sums   (dgamma, dbeta)[first + n] = sum_d sums[d, n], and what `slope` needs of them; dtotal[h] = s[h]
//   slope        dz[b, d, n] = p gamma rstd (dr - (dbeta + u dgamma) / count) with p = mean + u / rstd, in place of dr
// Shapes: l [B, F, D]; x [B, D, 4 ceil(F / 4)]; u, dr, dz [B, D, M] with M neurons of a window, by fours; g [D, M, H];
// w [N, D, H]; s, dtotal [H]; table [7, columns], by fours; f32.
// Grid: turns and block one invocation per number; table and merge_sums per neuron; rows per lane; weigh per (d, n);
// slope per (b, four neurons), which loops over d. No atomics, every sum in a fixed order: bit-reproducible.
struct Params {
  batch: u32, fields: u32, stride: u32, dim: u32,         // B, F, 4 ceil(F / 4), D
  neurons: u32, first: u32, window: u32, columns: u32,    // N, first neuron, M, columns of the table
  lanes: u32,                                             // lanes of H
  training: u32,                                          // whether statistics are the batch's
  normal: u32,                                            // whether the table leaves gamma and beta out
  epsilon: f32,
  from_column: u32, to_column: u32, rows: u32, w_rows: u32, w_columns: u32, w_stride: u32,  // of blocks,
  y_columns: u32, y_stride: u32,                                                          // from w to y
}
@group(0) @binding(0) var<storage, read> l: array<f32>;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<Lane>;
@group(0) @binding(3) var<storage, read_write> y: array<Lane>;
@group(0) @binding(4) var<storage, read> gamma: array<f32>;
@group(0) @binding(5) var<storage, read> beta: array<f32>;
@group(0) @binding(6) var<storage, read> mean: array<f32>;
@group(0) @binding(7) var<storage, read> spread: array<f32>;  // rstd, or the running variance
@group(0) @binding(8) var<storage, read_write> numbers: array<f32>;  // the table
@group(0) @binding(9) var<storage, read> g: array<Lane>;
@group(0) @binding(10) var<storage, read> s: array<Lane>;
@group(0) @binding(11) var<storage, read_write> sums: array<vec2f>;
@group(0) @binding(12) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(13) var<storage, read_write> dbeta: array<f32>;
@group(0) @binding(14) var<storage, read> u: array<vec4f>;
@group(0) @binding(15) var<storage, read_write> dtotal: array<Lane>;
@group(0) @binding(16) var<storage, read> fours: array<vec4f>;  // the table
@group(0) @binding(17) var<storage, read_write> dz: array<vec4f>;  // dr before
@group(0) @binding(18) var<storage, read> parts: array<vec2f>;
@group(0) @binding(19) var<storage, read> one: array<f32>;
@group(0) @binding(20) var<storage, read_write> other: array<f32>;
@group(0) @binding(21) var<uniform> params: Params;

// Rows of the table.
const MEAN: u32 = 0u;
const SCALE: u32 = 1u;   // of p - mean
const SHIFT: u32 = 2u;
const DEVIATION: u32 = 3u;  // 1 / rstd
const SLOPE: u32 = 4u;      // gamma rstd
const LEVEL: u32 = 5u;      // dbeta / count
const TILT: u32 = 6u;       // dgamma / count

@compute @workgroup_size(64)
fn turn(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let f = i % params.stride;
  let row = i / params.stride;
  if (row >= params.batch * params.dim) { return; }
  let at = row / params.dim * params.fields * params.dim + min(f, params.fields - 1u) * params.dim + row % params.dim;
  x[i] = select(0.0, l[at], f < params.fields);
}

// x receives l, and l is x.
@compute @workgroup_size(64)
fn turn_back(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let d = i % params.dim;
  let row = i / params.dim;
  if (row >= params.batch * params.fields) { return; }
  x[i] = l[(row / params.fields * params.dim + d) * params.stride + row % params.fields];
}

@compute @workgroup_size(64)
fn block(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = linear_group(group, groups) * 64u + lane;
  let i = at / params.y_columns;
  let j = at % params.y_columns;
  if (i >= params.rows) { return; }
  var value = 0.0;
  let from_column = params.from_column + j;
  if (i < params.w_rows && from_column < params.w_columns) { value = one[i * params.w_stride + from_column]; }
  other[i * params.y_stride + params.to_column + j] = value;
}

@compute @workgroup_size(64)
fn table(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let n = linear_group(group, groups) * 64u + lane;
  if (n >= params.columns) { return; }
  var column = array<f32, 5>();
  if (n < params.neurons) {
    var rstd = spread[n];
    if (params.training == 0u) { rstd = 1.0 / sqrt(spread[n] + params.epsilon); }
    let scale = gamma[n] * rstd;
    column[MEAN] = mean[n];
    column[SCALE] = select(scale, rstd, params.normal != 0u);
    column[SHIFT] = select(beta[n], 0.0, params.normal != 0u);
    column[DEVIATION] = 1.0 / rstd;
    column[SLOPE] = scale;
  }
  numbers[MEAN * params.columns + n] = column[MEAN];
  numbers[SCALE * params.columns + n] = column[SCALE];
  numbers[SHIFT * params.columns + n] = column[SHIFT];
  numbers[DEVIATION * params.columns + n] = column[DEVIATION];
  numbers[SLOPE * params.columns + n] = column[SLOPE];
  numbers[LEVEL * params.columns + n] = 0.0;
  numbers[TILT * params.columns + n] = 0.0;
}

// Row of a dense layer's weight under number (d, n) of a window.
fn row_of(i: u32) -> u32 {
  return (params.first + i % params.window) * params.dim + i / params.window;
}

@compute @workgroup_size(64)
fn rows(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = linear_group(group, groups) * 64u + lane;
  let i = at / params.lanes;
  if (i >= params.window * params.dim) { return; }
  var value = Lane();
  if (params.first + i % params.window < params.neurons) { value = w[row_of(i) * params.lanes + at % params.lanes]; }
  y[at] = value;
}

@compute @workgroup_size(64)
fn weigh(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let n = params.first + i % params.window;
  if (i >= params.window * params.dim || n >= params.neurons) { return; }
  let row = row_of(i) * params.lanes;
  var slope = Lane();
  var level = Lane();
  for (var h = 0u; h < params.lanes; h++) {
    let weight = w[row + h];
    let upstream = g[i * params.lanes + h];
    let sum = s[h];
    y[row + h] = gamma[n] * upstream + beta[n] * sum;
    slope += weight * upstream;
    level += weight * sum;
  }
  sums[i] = vec2f(total(slope), total(level));
}

@compute @workgroup_size(64)
fn merge_sums(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i < params.lanes) { dtotal[i] = s[i]; }
  let n = params.first + i;
  if (i >= params.window || n >= params.neurons) { return; }
  var sum = vec2f();
  for (var d = 0u; d < params.dim; d++) { sum += parts[d * params.window + i]; }
  dgamma[n] = sum.x;
  dbeta[n] = sum.y;
  if (params.training == 0u) { return; }
  let count = f32(max(step.rows, 1u) * params.dim);
  numbers[LEVEL * params.columns + n] = sum.y / count;
  numbers[TILT * params.columns + n] = sum.x / count;
}

@compute @workgroup_size(64)
fn slope(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let quads = params.window / 4u;
  let b = i / quads;
  if (b >= params.batch) { return; }
  let valid = b < step.rows;
  let at = params.first / 4u + i % quads;
  let across = params.columns / 4u;
  let mean4 = fours[MEAN * across + at];
  let deviation = fours[DEVIATION * across + at];
  let scale = fours[SLOPE * across + at];
  let level = fours[LEVEL * across + at];
  let tilt = fours[TILT * across + at];
  for (var d = 0u; d < params.dim; d++) {
    let j = (b * params.dim + d) * quads + i % quads;
    let normal = u[j];
    let p = mean4 + normal * deviation;
    dz[j] = select(vec4f(), p * scale * (dz[j] - level - normal * tilt), valid);
  }
}
