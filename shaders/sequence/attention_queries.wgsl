// Self-attention over fields for GPUs, head by head, from projections p = (q, k, v[, r]) side by side.
//   forward   o[b, i, :] = act(sum_j w[i, j] v[b, j, :] + r[b, i, :]),  w[i, j] = exp(scale q_i . k_j - lse_i)
//   queries   dz = act'(o) do;  delta_i = sum_j w[i, j] dz_i . v_j;  dq_i = scale sum_j w[i, j] (dz_i . v_j - delta_i) k_j
//   keys      dv_j = sum_i w[i, j] dz_i;  dk_j = scale sum_i w[i, j] (dz_i . v_j - delta_i) q_i
//   weights   w[b, h, i, j]
// The forward takes one pass over the keys, two at a time, with a running maximum (online softmax) and saves lse, the
// logarithm of the sum of exponentials; the gradients recompute w. Shapes: p, dp [B, F, stride], o, do, dz [B, F, A];
// lse, delta [B, H, F]; w [B, H, F, F]; p, dp, o, do and dz by lanes along a head.
// Grid: one thread per query (or key) of a head and sample, which keeps it in registers; weights: per weight. No workgroup
// memory, no atomics, sums in order of the fields: bit-reproducible.
struct Params {
  batch: u32,
  fields: u32,
  heads: u32,
  width: u32,     // lanes of o
  stride: u32,    // lanes of p
  r_width: u32,   // lanes of the tensor that r is in
  r_first: u32,   // lane at which r begins in it
  scale: f32,
}
override RELU: bool = false;
override RESIDUAL: bool = false;  // whether there is r
override PACKED: bool = false;    // whether r is part of p
@group(0) @binding(0) var<storage, read> p: array<Lane>;
@group(0) @binding(1) var<storage, read> r: array<Lane>;
@group(0) @binding(2) var<storage, read_write> o: array<Lane>;
@group(0) @binding(3) var<storage, read_write> lse: array<f32>;
@group(0) @binding(4) var<storage, read> y: array<Lane>;
@group(0) @binding(5) var<storage, read> dy: array<Lane>;
@group(0) @binding(6) var<storage, read_write> dz: array<Lane>;
@group(0) @binding(7) var<storage, read_write> dp: array<Lane>;
@group(0) @binding(8) var<storage, read_write> delta: array<f32>;
@group(0) @binding(9) var<storage, read_write> w: array<f32>;
@group(0) @binding(10) var<uniform> params: Params;

fn finish(at: u32, place: u32, sum: Lane) {
  var result = sum;
  if (RESIDUAL) { result += r[place]; }
  if (RELU) { result = max(result, Lane()); }
  o[at] = result;
}

fn slope(at: u32) -> Lane {
  if (RELU) { return select(Lane(), dy[at], y[at] > Lane()); }
  return dy[at];
}

const WORKGROUP: u32 = 64u;
const COUNT: u32 = 1u;  // lanes of a head

// What a thread computes: a row of a head of a sample.
struct Place {
  sample: u32,
  head: u32,
  row: u32,     // query or key
  first: u32,   // first row of the sample in p and o
  column: u32,  // first lane of the head
  saved: u32,   // first row of the head in lse and delta
}

fn place_of(id: u32) -> Place {
  let head = id / params.fields % params.heads;
  let sample = id / params.fields / params.heads;
  let saved = (sample * params.heads + head) * params.fields;
  return Place(sample, head, id % params.fields, sample * params.fields, head * COUNT, saved);
}

fn dot_of(a: array<Lane, COUNT>, b: array<Lane, COUNT>) -> f32 {
  var left = a;
  var right = b;
  var sum = left[0] * right[0];
  for (var c = 1u; c < COUNT; c++) { sum = fma(left[c], right[c], sum); }
  return total(sum);
}

// Lanes of a head from a place in p on.
fn lanes_of(at: u32) -> array<Lane, COUNT> {
  var lanes: array<Lane, COUNT>;
  for (var c = 0u; c < COUNT; c++) { lanes[c] = p[at + c]; }
  return lanes;
}

fn scaled(at: u32) -> array<Lane, COUNT> {
  var lanes: array<Lane, COUNT>;
  for (var c = 0u; c < COUNT; c++) { lanes[c] = params.scale * p[at + c]; }
  return lanes;
}

@compute @workgroup_size(WORKGROUP)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = place_of(linear_group(group, groups) * WORKGROUP + thread);
  if (at.sample >= params.batch) { return; }
  let row = at.first + at.row;
  let q = scaled(row * params.stride + at.column);
  var top = -3.0e38;
  var sum = 0.0;
  var out: array<Lane, COUNT>;
  for (var j = 0u; j < params.fields; j += 2u) {
    let last = min(j + 1u, params.fields - 1u);
    let one = (at.first + j) * params.stride + params.width + at.column;
    let two = (at.first + last) * params.stride + params.width + at.column;
    let s = dot_of(q, lanes_of(one));
    let t = select(-3.0e38, dot_of(q, lanes_of(two)), last > j);
    let next = max(max(top, s), t);
    let fade = exp(top - next);
    let e = exp(s - next);
    let f = exp(t - next);
    top = next;
    sum = sum * fade + (e + f);
    for (var c = 0u; c < COUNT; c++) {
      let values = fma(Lane(e), p[one + params.width + c], f * p[two + params.width + c]);
      out[c] = fma(out[c], Lane(fade), values);
    }
  }
  for (var c = 0u; c < COUNT; c++) {
    finish(row * params.width + at.column + c, row * params.r_width + params.r_first + at.column + c, out[c] / sum);
  }
  lse[at.saved + at.row] = top + log(sum);
}

@compute @workgroup_size(WORKGROUP)
fn queries(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = place_of(linear_group(group, groups) * WORKGROUP + thread);
  if (at.sample >= params.batch) { return; }
  let row = at.first + at.row;
  let q = scaled(row * params.stride + at.column);
  var d: array<Lane, COUNT>;
  for (var c = 0u; c < COUNT; c++) { d[c] = slope(row * params.width + at.column + c); }
  let level = lse[at.saved + at.row];
  var share = 0.0;
  var sum: array<Lane, COUNT>;
  var mean: array<Lane, COUNT>;
  for (var j = 0u; j < params.fields; j++) {
    let from_k = (at.first + j) * params.stride + params.width + at.column;
    let weight = exp(dot_of(q, lanes_of(from_k)) - level);
    let dw = weight * dot_of(d, lanes_of(from_k + params.width));
    share += dw;
    for (var c = 0u; c < COUNT; c++) {
      sum[c] = fma(Lane(dw), p[from_k + c], sum[c]);
      mean[c] = fma(Lane(weight), p[from_k + c], mean[c]);
    }
  }
  delta[at.saved + at.row] = share;
  let to = row * params.stride + at.column;
  for (var c = 0u; c < COUNT; c++) {
    dp[to + c] = params.scale * (sum[c] - share * mean[c]);
    dz[row * params.width + at.column + c] = d[c];
    if (PACKED) { dp[to + 3u * params.width + c] = d[c]; }
  }
}

@compute @workgroup_size(WORKGROUP)
fn keys(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = place_of(linear_group(group, groups) * WORKGROUP + thread);
  if (at.sample >= params.batch) { return; }
  let to = (at.first + at.row) * params.stride + at.column + params.width;
  let k = scaled(to);
  let v = lanes_of(to + params.width);
  var dk: array<Lane, COUNT>;
  var dv: array<Lane, COUNT>;
  for (var j = 0u; j < params.fields; j++) {
    let q = lanes_of((at.first + j) * params.stride + at.column);
    var d: array<Lane, COUNT>;
    for (var c = 0u; c < COUNT; c++) { d[c] = dz[(at.first + j) * params.width + at.column + c]; }
    let weight = exp(dot_of(q, k) - lse[at.saved + j]);
    let ds = weight * (dot_of(d, v) - delta[at.saved + j]);
    var query = q;
    for (var c = 0u; c < COUNT; c++) {
      dk[c] = fma(Lane(ds), query[c], dk[c]);
      dv[c] = fma(Lane(weight), d[c], dv[c]);
    }
  }
  for (var c = 0u; c < COUNT; c++) {
    dp[to + c] = params.scale * dk[c];
    dp[to + params.width + c] = dv[c];
  }
}

@compute @workgroup_size(WORKGROUP)
fn weights(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let id = linear_group(group, groups) * WORKGROUP + thread;
  let at = place_of(id / params.fields);
  if (at.sample >= params.batch) { return; }
  let q = (at.first + at.row) * params.stride + at.column;
  let k = (at.first + id % params.fields) * params.stride + params.width + at.column;
  var s = Lane();
  for (var c = 0u; c < COUNT; c++) { s += p[q + c] * p[k + c]; }
  w[id] = exp(params.scale * total(s) - lse[id / params.fields]);
}
