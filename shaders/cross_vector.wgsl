// Vector cross network (Wang et al., ADKDD 2017, equation 3): x_{l+1} = x0 (x_l . w_l) + b_l + x_l, all layers at once.
//   x_l = alpha_l x0 + beta_l;  beta_l = sum_{j<l} b_j;  p_l = x0 . w_l;  c_l = beta_l . w_l
//   alpha_0 = 1;  alpha_{l+1} = alpha_l (1 + p_l) + c_l
//   prepare   c [L], beta_L [N]
//   forward   p [B, L], y = alpha_L x0 + beta_L
//   gradient  ds_l = dy . x0 + sum_{j>l} ds_j p_j;  k_l = ds_l alpha_l;  dx0 = alpha_L dy + sum_l k_l w_l
//   slices    partial[s, l, :] = sum_{b in s} k_l x0;  partial[s, L, :] = sum_{b in s} dy
//   merge     dw_l = sum_b k_l x0 + (sum_b ds_l) beta_l;  db_l = sum_b dy + sum_{j>l} (sum_b ds_j) w_j
// Shapes: x0, y, dy, dx [B, N]; w, bias, dw, db [L, N]; p, k, ds [B, L]; rows in lanes; f32.
// Grid: forward and gradient take SAMPLES samples an invocation, for software adapters; forward_group and
// gradient_group one workgroup a sample; slices one invocation per slice and lane; merge one per lane.
// Memory: x0 twice and y, against L times as much layer by layer. Fixed order everywhere: bit-reproducible.
const LAYERS: u32 = 1u;
const LANES: u32 = 1u;

struct Params { batch: u32, slice: u32, slices: u32 }
@group(0) @binding(0) var<storage, read> x0: array<Lane>;
@group(0) @binding(1) var<storage, read> w: array<Lane>;
@group(0) @binding(2) var<storage, read> bias: array<Lane>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<storage, read_write> beta: array<Lane>;
@group(0) @binding(5) var<storage, read> shift: array<f32>;      // c, read
@group(0) @binding(6) var<storage, read> last_beta: array<Lane>; // beta, read
@group(0) @binding(7) var<storage, read_write> p: array<f32>;
@group(0) @binding(8) var<storage, read_write> y: array<Lane>;   // dx0 in gradients
@group(0) @binding(9) var<storage, read> dy: array<Lane>;
@group(0) @binding(10) var<storage, read> dots: array<f32>;      // p, read
@group(0) @binding(11) var<storage, read_write> k: array<f32>;
@group(0) @binding(12) var<storage, read_write> ds: array<f32>;
@group(0) @binding(13) var<storage, read> factors: array<f32>;   // k, read
@group(0) @binding(14) var<storage, read_write> partial: array<Lane>;
@group(0) @binding(15) var<storage, read> sums: array<Lane>;     // partial, read
@group(0) @binding(16) var<storage, read> ds_sum: array<f32>;
@group(0) @binding(17) var<storage, read_write> dw: array<Lane>;
@group(0) @binding(18) var<storage, read_write> db: array<Lane>;
@group(0) @binding(19) var<uniform> params: Params;

const SAMPLES: u32 = 4u;
var<workgroup> fold: array<f32, 64>;
var<workgroup> shared_factor: array<f32, LAYERS>;
var<workgroup> shared_alpha: f32;

fn folded(lane: u32, value: f32) -> f32 {
  fold[lane] = value;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { fold[lane] += fold[lane + half]; }
    workgroupBarrier();
  }
  let sum = fold[0];
  workgroupBarrier();
  return sum;
}

@compute @workgroup_size(64)
fn prepare(@builtin(local_invocation_index) lane: u32) {
  for (var n = lane; n < LANES; n += 64u) { beta[n] = Lane(); }
  for (var l = 0u; l < LAYERS; l++) {
    var sum = 0.0;
    for (var n = lane; n < LANES; n += 64u) {
      let at = l * LANES + n;
      sum += total(beta[n] * w[at]);
      beta[n] += bias[at];
    }
    let whole = folded(lane, sum);
    if (lane == 0u) { c[l] = whole; }
  }
}

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (linear_group(group, groups) * 64u + lane) * SAMPLES;
  if (first >= params.batch) { return; }
  let last = params.batch - 1u;
  let b = min(vec4u(first, first + 1u, first + 2u, first + 3u), vec4u(last));
  let at = b * LANES;
  var alpha = vec4f(1.0);
  for (var l = 0u; l < LAYERS; l += 2u) {
    let next = min(l + 1u, LAYERS - 1u);
    var p0 = vec4f();
    var p1 = vec4f();
    for (var n = 0u; n < LANES; n++) {
      let xa = x0[at.x + n];
      let xb = x0[at.y + n];
      let xc = x0[at.z + n];
      let xd = x0[at.w + n];
      let wa = w[l * LANES + n];
      let wb = w[next * LANES + n];
      p0 += vec4f(total(xa * wa), total(xb * wa), total(xc * wa), total(xd * wa));
      p1 += vec4f(total(xa * wb), total(xb * wb), total(xc * wb), total(xd * wb));
    }
    save_dots(b, l, p0);
    alpha += alpha * p0 + shift[l];
    if (l + 1u < LAYERS) {
      save_dots(b, l + 1u, p1);
      alpha += alpha * p1 + shift[l + 1u];
    }
  }
  for (var n = 0u; n < LANES; n++) {
    let added = last_beta[n];
    y[at.x + n] = alpha.x * x0[at.x + n] + added;
    y[at.y + n] = alpha.y * x0[at.y + n] + added;
    y[at.z + n] = alpha.z * x0[at.z + n] + added;
    y[at.w + n] = alpha.w * x0[at.w + n] + added;
  }
}

fn save_dots(b: vec4u, l: u32, value: vec4f) {
  p[b.x * LAYERS + l] = value.x;
  p[b.y * LAYERS + l] = value.y;
  p[b.z * LAYERS + l] = value.z;
  p[b.w * LAYERS + l] = value.w;
}

@compute @workgroup_size(64)
fn forward_group(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = min(linear_group(group, groups), params.batch - 1u);
  var alpha = 1.0;
  for (var l = 0u; l < LAYERS; l++) {
    var sum = 0.0;
    for (var n = lane; n < LANES; n += 64u) { sum += total(x0[b * LANES + n] * w[l * LANES + n]); }
    let dot = folded(lane, sum);
    if (lane == 0u) { p[b * LAYERS + l] = dot; }
    alpha += alpha * dot + shift[l];
  }
  for (var n = lane; n < LANES; n += 64u) { y[b * LANES + n] = alpha * x0[b * LANES + n] + last_beta[n]; }
}

@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (linear_group(group, groups) * 64u + lane) * SAMPLES;
  if (first >= params.batch) { return; }
  let last = params.batch - 1u;
  let b = min(vec4u(first, first + 1u, first + 2u, first + 3u), vec4u(last));
  let at = b * LANES;
  var q = vec4f();
  for (var n = 0u; n < LANES; n++) {
    q += vec4f(
      total(x0[at.x + n] * dy[at.x + n]),
      total(x0[at.y + n] * dy[at.y + n]),
      total(x0[at.z + n] * dy[at.z + n]),
      total(x0[at.w + n] * dy[at.w + n]),
    );
  }
  var alphas: array<vec4f, LAYERS>;
  var alpha = vec4f(1.0);
  for (var l = 0u; l < LAYERS; l++) {
    alphas[l] = alpha;
    alpha += alpha * dots_of(b, l) + shift[l];
  }
  for (var i = 0u; i < LAYERS; i++) {
    let l = LAYERS - 1u - i;
    alphas[l] *= q;
    save_factors(b, l, q, alphas[l]);
    q += q * dots_of(b, l);
  }
  for (var n = 0u; n < LANES; n++) {
    var da = alpha.x * dy[at.x + n];
    var db_ = alpha.y * dy[at.y + n];
    var dc = alpha.z * dy[at.z + n];
    var dd = alpha.w * dy[at.w + n];
    for (var l = 0u; l < LAYERS; l++) {
      let weight = w[l * LANES + n];
      let factor = alphas[l];
      da += factor.x * weight;
      db_ += factor.y * weight;
      dc += factor.z * weight;
      dd += factor.w * weight;
    }
    y[at.x + n] = da;
    y[at.y + n] = db_;
    y[at.z + n] = dc;
    y[at.w + n] = dd;
  }
}

fn dots_of(b: vec4u, l: u32) -> vec4f {
  let at = b * LAYERS + l;
  return vec4f(dots[at.x], dots[at.y], dots[at.z], dots[at.w]);
}

fn save_factors(b: vec4u, l: u32, q: vec4f, factor: vec4f) {
  let at = b * LAYERS + l;
  ds[at.x] = q.x;
  ds[at.y] = q.y;
  ds[at.z] = q.z;
  ds[at.w] = q.w;
  k[at.x] = factor.x;
  k[at.y] = factor.y;
  k[at.z] = factor.z;
  k[at.w] = factor.w;
}

@compute @workgroup_size(64)
fn gradient_group(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = min(linear_group(group, groups), params.batch - 1u);
  var sum = 0.0;
  for (var n = lane; n < LANES; n += 64u) { sum += total(x0[b * LANES + n] * dy[b * LANES + n]); }
  var q = folded(lane, sum);
  if (lane == 0u) {
    var alpha = 1.0;
    for (var l = 0u; l < LAYERS; l++) {
      shared_factor[l] = alpha;
      alpha += alpha * dots[b * LAYERS + l] + shift[l];
    }
    shared_alpha = alpha;
    for (var i = 0u; i < LAYERS; i++) {
      let l = LAYERS - 1u - i;
      let factor = q * shared_factor[l];
      shared_factor[l] = factor;
      k[b * LAYERS + l] = factor;
      ds[b * LAYERS + l] = q;
      q += q * dots[b * LAYERS + l];
    }
  }
  workgroupBarrier();
  for (var n = lane; n < LANES; n += 64u) {
    var d = shared_alpha * dy[b * LANES + n];
    for (var l = 0u; l < LAYERS; l++) { d += shared_factor[l] * w[l * LANES + n]; }
    y[b * LANES + n] = d;
  }
}

@compute @workgroup_size(64)
fn slices(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let slice = i / LANES;
  if (slice >= params.slices) { return; }
  let n = i % LANES;
  let begin = slice * params.slice;
  let end = min(begin + params.slice, params.batch);
  let out = slice * (LAYERS + 1u) * LANES + n;
  for (var l = 0u; l < LAYERS; l += 4u) {
    let at = min(vec4u(l, l + 1u, l + 2u, l + 3u), vec4u(LAYERS - 1u));
    var sum0 = Lane();
    var sum1 = Lane();
    var sum2 = Lane();
    var sum3 = Lane();
    for (var b = begin; b < end; b++) {
      let x = x0[b * LANES + n];
      let row = b * LAYERS;
      sum0 += factors[row + at.x] * x;
      sum1 += factors[row + at.y] * x;
      sum2 += factors[row + at.z] * x;
      sum3 += factors[row + at.w] * x;
    }
    partial[out + at.x * LANES] = sum0;
    partial[out + at.y * LANES] = sum1;
    partial[out + at.z * LANES] = sum2;
    partial[out + at.w * LANES] = sum3;
  }
  var upstream = Lane();
  for (var b = begin; b < end; b++) { upstream += dy[b * LANES + n]; }
  partial[out + LAYERS * LANES] = upstream;
}

fn slice_sum(l: u32, n: u32) -> Lane {
  var sum = Lane();
  for (var s = 0u; s < params.slices; s++) { sum += sums[(s * (LAYERS + 1u) + l) * LANES + n]; }
  return sum;
}

@compute @workgroup_size(64)
fn merge(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let n = linear_group(group, groups) * 64u + lane;
  if (n >= LANES) { return; }
  var before = Lane();
  for (var l = 0u; l < LAYERS; l++) {
    dw[l * LANES + n] = slice_sum(l, n) + ds_sum[l] * before;
    before += bias[l * LANES + n];
  }
  var after = slice_sum(LAYERS, n);
  for (var i = 0u; i < LAYERS; i++) {
    let at = (LAYERS - 1u - i) * LANES + n;
    db[at] = after;
    after += ds_sum[LAYERS - 1u - i] * w[at];
  }
}
