// Pairs i < j of fields joined by a matrix of their own, and their gradients.
//   products   r[b, p, :] = (e[b, i, :] W_p) * e[b, j, :]    by element, and 0 past the last pair
//   forward    q[b, p]    = sum_d r[b, p, d]
//   row_sums   y[b]       = sum_p q[b, p]
//   backward   de[b, f, :] += sum_{j>f} W_p (g_p * e[b, j, :]) + sum_{i<f} (e[b, i, :] W_p) * g_p
//              with g_p = dr[b, p, :], dq[b, p], or dq[b] where q was summed
//   slices     partial[s, p, c, :] = sum over the samples b of slice s of e[b, i, c] (g_p * e[b, j, :])
//   matrices   dW = sum_s partial[s, :] of these pairs
// Only pairs from params.first on, params.pairs of them, are computed, of which params.count exist. Shapes: e, de
// [B, F, D]; W [P, D, D]; r [B, pairs, D]; q [B, pairs]; f32.
// Grid: products, forward one invocation per (p, 4 samples); row_sums per b; backward per (f, lane, 4 samples); slices
// per (s, p, block of W_p); matrices per lane of W. Fixed orders, no atomics. Needs pair_order.wgsl and a block part.
const LANES: u32 = 4u;           // lanes of D
const UPSTREAM_LANES: u32 = 1u;  // lanes of g_p: 1 where it is a number
const SUMMED: bool = false;      // whether g_p is the same for all pairs
const SLICES: u32 = 16u;         // slices of the batch
alias Upstream = f32;

struct Params { batch: u32, fields: u32, first: u32, pairs: u32, count: u32, accumulates: u32 }
@group(0) @binding(0) var<storage, read> e: array<Lane>;
@group(0) @binding(1) var<storage, read> weight: array<Lane>;
@group(0) @binding(2) var<storage, read> g: array<Upstream>;
@group(0) @binding(3) var<storage, read_write> q: array<f32>;
@group(0) @binding(4) var<storage, read> part: array<f32>;
@group(0) @binding(5) var<storage, read_write> r: array<Lane>;
@group(0) @binding(6) var<storage, read_write> de: array<Lane>;
@group(0) @binding(7) var<storage, read_write> partial: array<Lane>;
@group(0) @binding(8) var<storage, read> slice: array<Lane>;
@group(0) @binding(9) var<storage, read_write> dweight: array<Lane>;
@group(0) @binding(10) var<uniform> params: Params;

// Lane d of row c of matrix p.
fn weight_at(p: u32, c: u32, d: u32) -> u32 {
  return (p * LANES + c) * WIDTH * LANES + d;
}

fn row_at(b: u32, f: u32) -> u32 {
  return (b * params.fields + f) * LANES;
}

fn upstream(b: u32, p: u32, d: u32) -> Upstream {
  if (SUMMED) { return g[b]; }
  return g[(b * params.pairs + p) * UPSTREAM_LANES + d % UPSTREAM_LANES];
}

// The samples of a block; past the batch it repeats the last one.
fn samples_of(block: u32) -> vec4u {
  return min(vec4u(4u * block) + vec4u(0u, 1u, 2u, 3u), vec4u(params.batch - 1u));
}

@compute @workgroup_size(64)
fn products(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  let blocks = (params.batch + 3u) / 4u;
  let p = t / blocks;
  if (p >= params.pairs) { return; }
  let b = samples_of(t % blocks);
  if (p >= params.count) {
    for (var d = 0u; d < LANES; d++) {
      r[(b.x * params.pairs + p) * LANES + d] = Lane();
      r[(b.y * params.pairs + p) * LANES + d] = Lane();
      r[(b.z * params.pairs + p) * LANES + d] = Lane();
      r[(b.w * params.pairs + p) * LANES + d] = Lane();
    }
    return;
  }
  let pair = fields_of(params.first + p);
  for (var d = 0u; d < LANES; d++) {
    var t0 = Lane();
    var t1 = Lane();
    var t2 = Lane();
    var t3 = Lane();
    for (var c = 0u; c < LANES; c++) {
      let m = block_at(weight_at(params.first + p, c, d));
      t0 += row_times(e[row_at(b.x, pair.x) + c], m);
      t1 += row_times(e[row_at(b.y, pair.x) + c], m);
      t2 += row_times(e[row_at(b.z, pair.x) + c], m);
      t3 += row_times(e[row_at(b.w, pair.x) + c], m);
    }
    r[(b.x * params.pairs + p) * LANES + d] = t0 * e[row_at(b.x, pair.y) + d];
    r[(b.y * params.pairs + p) * LANES + d] = t1 * e[row_at(b.y, pair.y) + d];
    r[(b.z * params.pairs + p) * LANES + d] = t2 * e[row_at(b.z, pair.y) + d];
    r[(b.w * params.pairs + p) * LANES + d] = t3 * e[row_at(b.w, pair.y) + d];
  }
}

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  let blocks = (params.batch + 3u) / 4u;
  let p = t / blocks;
  if (p >= params.pairs) { return; }
  let pair = fields_of(params.first + p);
  let b = samples_of(t % blocks);
  var sums = vec4f();
  for (var d = 0u; d < LANES; d++) {
    var t0 = Lane();
    var t1 = Lane();
    var t2 = Lane();
    var t3 = Lane();
    for (var c = 0u; c < LANES; c++) {
      let m = block_at(weight_at(params.first + p, c, d));
      t0 += row_times(e[row_at(b.x, pair.x) + c], m);
      t1 += row_times(e[row_at(b.y, pair.x) + c], m);
      t2 += row_times(e[row_at(b.z, pair.x) + c], m);
      t3 += row_times(e[row_at(b.w, pair.x) + c], m);
    }
    sums += vec4f(
      total(t0 * e[row_at(b.x, pair.y) + d]),
      total(t1 * e[row_at(b.y, pair.y) + d]),
      total(t2 * e[row_at(b.z, pair.y) + d]),
      total(t3 * e[row_at(b.w, pair.y) + d]),
    );
  }
  q[b.x * params.pairs + p] = sums.x;
  q[b.y * params.pairs + p] = sums.y;
  q[b.z * params.pairs + p] = sums.z;
  q[b.w * params.pairs + p] = sums.w;
}

@compute @workgroup_size(64)
fn row_sums(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b >= params.batch) { return; }
  var sum = 0.0;
  for (var p = 0u; p < params.pairs; p++) { sum += part[b * params.pairs + p]; }
  q[b] = sum;
}

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  let blocks = (params.batch + 3u) / 4u;
  let f = t / blocks / LANES;
  if (f >= params.fields) { return; }
  let c = t / blocks % LANES;
  let b = samples_of(t % blocks);
  var d0 = Lane();
  var d1 = Lane();
  var d2 = Lane();
  var d3 = Lane();
  if (params.accumulates != 0u) {
    d0 = de[row_at(b.x, f) + c];
    d1 = de[row_at(b.y, f) + c];
    d2 = de[row_at(b.z, f) + c];
    d3 = de[row_at(b.w, f) + c];
  }
  for (var other = 0u; other < params.fields; other++) {
    if (other == f) { continue; }
    let pair = pair_of(min(f, other), max(f, other));
    if (pair < params.first || pair - params.first >= params.pairs) { continue; }
    let p = pair - params.first;
    if (other > f) {
      for (var d = 0u; d < LANES; d++) {
        let m = block_at(weight_at(params.first + p, c, d));
        d0 += times_column(m, upstream(b.x, p, d) * e[row_at(b.x, other) + d]);
        d1 += times_column(m, upstream(b.y, p, d) * e[row_at(b.y, other) + d]);
        d2 += times_column(m, upstream(b.z, p, d) * e[row_at(b.z, other) + d]);
        d3 += times_column(m, upstream(b.w, p, d) * e[row_at(b.w, other) + d]);
      }
    } else {
      var t0 = Lane();
      var t1 = Lane();
      var t2 = Lane();
      var t3 = Lane();
      for (var d = 0u; d < LANES; d++) {
        let m = block_at(weight_at(params.first + p, d, c));
        t0 += row_times(e[row_at(b.x, other) + d], m);
        t1 += row_times(e[row_at(b.y, other) + d], m);
        t2 += row_times(e[row_at(b.z, other) + d], m);
        t3 += row_times(e[row_at(b.w, other) + d], m);
      }
      d0 += t0 * upstream(b.x, p, c);
      d1 += t1 * upstream(b.y, p, c);
      d2 += t2 * upstream(b.z, p, c);
      d3 += t3 * upstream(b.w, p, c);
    }
  }
  de[row_at(b.x, f) + c] = d0;
  de[row_at(b.y, f) + c] = d1;
  de[row_at(b.z, f) + c] = d2;
  de[row_at(b.w, f) + c] = d3;
}

@compute @workgroup_size(64)
fn slices(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  let p = t / (LANES * LANES) % params.count;
  let s = t / (LANES * LANES) / params.count;
  if (s >= SLICES) { return; }
  let pair = fields_of(params.first + p);
  let c = t / LANES % LANES;
  let d = t % LANES;
  let rows = (params.batch + SLICES - 1u) / SLICES;
  let first = s * rows;
  var sum = Block();
  for (var b = first; b < min(first + rows, params.batch); b++) {
    sum = plus(sum, outer(e[row_at(b, pair.x) + c], upstream(b, p, d) * e[row_at(b, pair.y) + d]));
  }
  put_block(weight_at(s * params.count + p, c, d), sum);
}

@compute @workgroup_size(64)
fn matrices(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let size = weight_at(params.count, 0u, 0u);
  if (i >= size) { return; }
  var sum = Lane();
  for (var s = 0u; s < SLICES; s++) { sum += slice[s * size + i]; }
  dweight[weight_at(params.first, 0u, 0u) + i] = sum;
}
