// Batch normalization of channels (Ioffe and Szegedy, ICML 2015): statistics over the batch and all numbers of a channel.
//   moments       partial[s, c] = (mean, sum of squares about it) of slice s of the valid rows
//   merge         mean, rstd of each channel; running statistics move by `momentum`
//   normalize     y = gamma (x - mean) rstd + beta
//   sums          partial[s, c] = (sum dy xhat, sum dy)
//   merge_sums    dgamma, dbeta
//   gradient      dx = gamma rstd (dy - dbeta / n - xhat dgamma / n) where statistics are the batch's, gamma rstd dy else
// Shapes: x, y, dy, dx [B, C, L]; gamma, beta, mean, spread [C]; partial [S, C, 2]; f32. spread is rstd, or the running
// variance where statistics are not the batch's.
// Grid: moments and sums one workgroup per slice and channel; merges one invocation per channel; else one per number.
// Four loads at a time do not wait for one another; what they bring is added in order.
// No atomics; trees and slices in a fixed order: bit-reproducible.
const MAX_SLICES: u32 = 64u;  // that partial has

struct Params {
  batch: u32,
  channels: u32,
  length: u32,      // L
  slice: u32,       // rows in a slice
  training: u32,    // whether statistics are the batch's
  epsilon: f32,
  momentum: f32,
}
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> beta: array<f32>;
@group(0) @binding(4) var<storage, read> mean: array<f32>;
@group(0) @binding(5) var<storage, read> spread: array<f32>;
@group(0) @binding(6) var<storage, read_write> partial: array<vec2f>;
@group(0) @binding(7) var<storage, read> slices: array<vec2f>;
@group(0) @binding(8) var<storage, read_write> first: array<f32>;
@group(0) @binding(9) var<storage, read_write> second: array<f32>;
@group(0) @binding(10) var<storage, read_write> running_mean: array<f32>;
@group(0) @binding(11) var<storage, read_write> running_variance: array<f32>;
@group(0) @binding(12) var<storage, read_write> y: array<f32>;
@group(0) @binding(13) var<uniform> params: Params;

var<workgroup> tree: array<vec2f, 64>;

fn fold(lane: u32) {
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { tree[lane] += tree[lane + half]; }
  }
  workgroupBarrier();
}

fn rows_of(slice: u32) -> u32 {
  let rows = min(step.rows, params.batch);
  return min(params.slice, rows - min(rows, slice * params.slice));
}

fn place(slice: u32, channel: u32, i: u32) -> u32 {
  return ((slice * params.slice + i / params.length) * params.channels + channel) * params.length + i % params.length;
}

fn rstd_of(channel: u32) -> f32 {
  if (params.training != 0u) { return spread[channel]; }
  return 1.0 / sqrt(spread[channel] + params.epsilon);
}

// How far a number of a slice is from another one, and 0 past the end.
fn off(slice: u32, channel: u32, i: u32, count: u32, origin: f32) -> f32 {
  return select(0.0, x[place(slice, channel, min(i, count - 1u))] - origin, i < count);
}

@compute @workgroup_size(64)
fn moments(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = linear_group(group, groups);
  let slice = at / params.channels;
  let channel = at % params.channels;
  let count = rows_of(slice) * params.length;
  var sum = 0.0;
  let origin = x[place(slice, channel, 0u) * u32(count > 0u)];
  for (var i = lane; i < count; i += 256u) {
    let d0 = off(slice, channel, i, count, origin);
    let d1 = off(slice, channel, i + 64u, count, origin);
    let d2 = off(slice, channel, i + 128u, count, origin);
    let d3 = off(slice, channel, i + 192u, count, origin);
    sum = sum + d0 + d1 + d2 + d3;
  }
  tree[lane] = vec2f(sum, 0.0);
  fold(lane);
  let center = origin + tree[0].x / f32(max(count, 1u));
  workgroupBarrier();
  var squares = 0.0;
  for (var i = lane; i < count; i += 256u) {
    let d0 = off(slice, channel, i, count, center);
    let d1 = off(slice, channel, i + 64u, count, center);
    let d2 = off(slice, channel, i + 128u, count, center);
    let d3 = off(slice, channel, i + 192u, count, center);
    squares = squares + d0 * d0 + d1 * d1 + d2 * d2 + d3 * d3;
  }
  tree[lane] = vec2f(squares, 0.0);
  fold(lane);
  if (lane == 0u && slice * params.slice < params.batch) { partial[at] = vec2f(center, tree[0].x); }
}

// Numbers of a slice, and their moments or sums: (count, first, second), all 0 past the valid rows.
fn slice_at(slice: u32, channel: u32) -> vec3f {
  let count = rows_of(slice) * params.length;
  let part = slices[min(slice, MAX_SLICES - 1u) * params.channels + channel];
  return select(vec3f(), vec3f(f32(count), part), count > 0u);
}

// Moments of two lists from those of each: (count, mean, sum of squares about it).
fn merged(a: vec3f, b: vec3f) -> vec3f {
  if (b.x == 0.0) { return a; }
  let d = b.y - a.y;
  let share = b.x / (a.x + b.x);
  return vec3f(a.x + b.x, a.y + d * share, a.z + (b.z + d * d * a.x * share));
}

@compute @workgroup_size(64)
fn merge(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let channel = linear_group(group, groups) * 64u + lane;
  if (channel >= params.channels) { return; }
  var all = vec3f();
  for (var slice = 0u; slice * params.slice < step.rows; slice += 4u) {
    let m0 = slice_at(slice, channel);
    let m1 = slice_at(slice + 1u, channel);
    let m2 = slice_at(slice + 2u, channel);
    let m3 = slice_at(slice + 3u, channel);
    all = merged(merged(merged(merged(all, m0), m1), m2), m3);
  }
  let count = all.x;
  let center = all.y;
  let squares = all.z;
  first[channel] = center;
  second[channel] = 1.0 / sqrt(squares / max(count, 1.0) + params.epsilon);
  if (count > 0.0) { running_mean[channel] += params.momentum * (center - running_mean[channel]); }
  if (count > 1.0) {
    running_variance[channel] += params.momentum * (squares / (count - 1.0) - running_variance[channel]);
  }
}

@compute @workgroup_size(64)
fn normalize(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let channel = i / params.length % params.channels;
  if (i / params.length / params.channels >= params.batch) { return; }
  y[i] = gamma[channel] * rstd_of(channel) * (x[i] - mean[channel]) + beta[channel];
}

// What a number of a slice adds to the sums, nothing past the end.
fn term(slice: u32, channel: u32, i: u32, count: u32, center: f32, rstd: f32) -> vec2f {
  let j = place(slice, channel, min(i, count - 1u));
  return select(vec2f(), dy[j] * vec2f((x[j] - center) * rstd, 1.0), i < count);
}

@compute @workgroup_size(64)
fn sums(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = linear_group(group, groups);
  let slice = at / params.channels;
  let channel = at % params.channels;
  let count = rows_of(slice) * params.length;
  let center = mean[channel];
  let rstd = rstd_of(channel);
  var sum = vec2f();
  for (var i = lane; i < count; i += 256u) {
    let t0 = term(slice, channel, i, count, center, rstd);
    let t1 = term(slice, channel, i + 64u, count, center, rstd);
    let t2 = term(slice, channel, i + 128u, count, center, rstd);
    let t3 = term(slice, channel, i + 192u, count, center, rstd);
    sum = sum + t0 + t1 + t2 + t3;
  }
  tree[lane] = sum;
  fold(lane);
  if (lane == 0u && slice * params.slice < params.batch) { partial[at] = tree[0]; }
}

@compute @workgroup_size(64)
fn merge_sums(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let channel = linear_group(group, groups) * 64u + lane;
  if (channel >= params.channels) { return; }
  var sum = vec3f();
  for (var slice = 0u; slice * params.slice < step.rows; slice += 4u) {
    let s0 = slice_at(slice, channel);
    let s1 = slice_at(slice + 1u, channel);
    let s2 = slice_at(slice + 2u, channel);
    let s3 = slice_at(slice + 3u, channel);
    sum = sum + s0 + s1 + s2 + s3;
  }
  first[channel] = sum.y;
  second[channel] = sum.z;
}

@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let channel = i / params.length % params.channels;
  let row = i / params.length / params.channels;
  if (row >= params.batch) { return; }
  if (row >= step.rows) {
    y[i] = 0.0;
    return;
  }
  let rstd = rstd_of(channel);
  var slope = dy[i];
  if (params.training != 0u) {
    let count = f32(step.rows * params.length);
    let normal = (x[i] - mean[channel]) * rstd;
    slope -= (second[channel] + normal * first[channel]) / count;
  }
  y[i] = gamma[channel] * rstd * slope;
}
