// Gradients of the vector cross network (cross_vector.wgsl has alpha, beta, p and c).
//   gradient  ds_l = dy . x0 + sum_{j>l} ds_j p_j;  k_l = ds_l alpha_l;  dx0 = alpha_L dy + sum_l k_l w_l
//   slices    partial[s, l, :] = sum_{b in s} k_l x0;  partial[s, L, :] = sum_{b in s} dy
//   merge     dw_l = sum_b k_l x0 + (sum_b ds_l) beta_l;  db_l = sum_b dy + sum_{j>l} (sum_b ds_j) w_j
// Shapes: x0, dy, dx [B, N]; w, bias, dw, db [L, N]; dots, ds [B, L]; k [B, 4 QUADS]; rows in lanes; f32.
// Grid: gradient SAMPLES samples an invocation, for software adapters; gradient_group one workgroup a sample; slices
// one invocation per slice and two lanes; merge one per lane. Fixed order everywhere: bit-reproducible.
const LAYERS: u32 = 1u;
const LANES: u32 = 1u;
const QUADS: u32 = (LAYERS + 3u) / 4u;  // fours of layers

struct Params { batch: u32, slice: u32, slices: u32 }
@group(0) @binding(0) var<storage, read> x0: array<Lane>;
@group(0) @binding(1) var<storage, read> w: array<Lane>;
@group(0) @binding(2) var<storage, read> bias: array<Lane>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;  // c
@group(0) @binding(4) var<storage, read> dots: array<f32>;   // p
@group(0) @binding(5) var<storage, read> dy: array<Lane>;
@group(0) @binding(6) var<storage, read_write> dx: array<Lane>;
@group(0) @binding(7) var<storage, read_write> k: array<f32>;
@group(0) @binding(8) var<storage, read_write> ds: array<f32>;
@group(0) @binding(9) var<storage, read> factors: array<vec4f>;  // k, read
@group(0) @binding(10) var<storage, read_write> partial: array<Lane>;
@group(0) @binding(11) var<storage, read> sums: array<Lane>;     // partial, read
@group(0) @binding(12) var<storage, read> ds_sum: array<f32>;
@group(0) @binding(13) var<storage, read_write> dw: array<Lane>;
@group(0) @binding(14) var<storage, read_write> db: array<Lane>;
@group(0) @binding(15) var<uniform> params: Params;

const SAMPLES: u32 = 4u;
var<workgroup> shared_factor: array<f32, LAYERS>;
var<workgroup> shared_alpha: f32;

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
  var alpha = vec4f(1.0);
  for (var l = 0u; l < LAYERS; l++) {
    save_factors(b, l, alpha);
    alpha += alpha * dots_of(b, l) + shift[l];
  }
  for (var i = 0u; i < LAYERS; i++) {
    let l = LAYERS - 1u - i;
    save_sums(b, l, q);
    save_factors(b, l, q * factors_of(b, l));
    q += q * dots_of(b, l);
  }
  var part = layers_from(b, 0u);
  for (var n = 0u; n < LANES; n++) {
    let weights = weights_of(part.l, n);
    dx[at.x + n] = alpha.x * dy[at.x + n] + weighted(part.a, weights);
    dx[at.y + n] = alpha.y * dy[at.y + n] + weighted(part.b, weights);
    dx[at.z + n] = alpha.z * dy[at.z + n] + weighted(part.c, weights);
    dx[at.w + n] = alpha.w * dy[at.w + n] + weighted(part.d, weights);
  }
  for (var l = 4u; l < LAYERS; l += 4u) {
    part = layers_from(b, l);
    for (var n = 0u; n < LANES; n++) {
      let weights = weights_of(part.l, n);
      // Past the end the last sample stands in more than once, so all are read before one is written.
      let ya = dx[at.x + n] + weighted(part.a, weights);
      let yb = dx[at.y + n] + weighted(part.b, weights);
      let yc = dx[at.z + n] + weighted(part.c, weights);
      let yd = dx[at.w + n] + weighted(part.d, weights);
      dx[at.x + n] = ya;
      dx[at.y + n] = yb;
      dx[at.z + n] = yc;
      dx[at.w + n] = yd;
    }
  }
}

// Factors of four layers by sample; those past the last layer are 0.
struct Layers { l: vec4u, a: vec4f, b: vec4f, c: vec4f, d: vec4f }
struct Weights { a: Lane, b: Lane, c: Lane, d: Lane }

fn layers_from(b: vec4u, first: u32) -> Layers {
  let l = first + vec4u(0u, 1u, 2u, 3u);
  let near = min(l, vec4u(LAYERS - 1u));
  let at = b * 4u * QUADS;
  return Layers(
    near,
    select(vec4f(), four_of(at.x, near), l < vec4u(LAYERS)),
    select(vec4f(), four_of(at.y, near), l < vec4u(LAYERS)),
    select(vec4f(), four_of(at.z, near), l < vec4u(LAYERS)),
    select(vec4f(), four_of(at.w, near), l < vec4u(LAYERS)),
  );
}

fn four_of(at: u32, l: vec4u) -> vec4f {
  return vec4f(k[at + l.x], k[at + l.y], k[at + l.z], k[at + l.w]);
}

fn weights_of(l: vec4u, n: u32) -> Weights {
  let at = l * LANES + n;
  return Weights(w[at.x], w[at.y], w[at.z], w[at.w]);
}

fn weighted(k: vec4f, weights: Weights) -> Lane {
  return k.x * weights.a + k.y * weights.b + k.z * weights.c + k.w * weights.d;
}

fn dots_of(b: vec4u, l: u32) -> vec4f {
  let at = b * LAYERS + l;
  return vec4f(dots[at.x], dots[at.y], dots[at.z], dots[at.w]);
}

fn factors_of(b: vec4u, l: u32) -> vec4f {
  let at = b * 4u * QUADS + l;
  return vec4f(k[at.x], k[at.y], k[at.z], k[at.w]);
}

fn save_factors(b: vec4u, l: u32, value: vec4f) {
  let at = b * 4u * QUADS + l;
  k[at.x] = value.x;
  k[at.y] = value.y;
  k[at.z] = value.z;
  k[at.w] = value.w;
}

fn save_sums(b: vec4u, l: u32, value: vec4f) {
  let at = b * LAYERS + l;
  ds[at.x] = value.x;
  ds[at.y] = value.y;
  ds[at.z] = value.z;
  ds[at.w] = value.w;
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
      k[b * 4u * QUADS + l] = factor;
      ds[b * LAYERS + l] = q;
      q += q * dots[b * LAYERS + l];
    }
  }
  workgroupBarrier();
  for (var n = lane; n < LANES; n += 64u) {
    var d = shared_alpha * dy[b * LANES + n];
    for (var l = 0u; l < LAYERS; l++) { d += shared_factor[l] * w[l * LANES + n]; }
    dx[b * LANES + n] = d;
  }
}

@compute @workgroup_size(64)
fn slices(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let blocks = (LANES + 1u) / 2u;
  let slice = i / blocks;
  if (slice >= params.slices) { return; }
  let n = i % blocks * 2u;
  let next = min(n + 1u, LANES - 1u);
  let begin = slice * params.slice;
  let end = min(begin + params.slice, params.batch);
  let out = slice * (LAYERS + 1u) * LANES;
  var sum_a = Lane();
  var sum_b = Lane();
  for (var b = begin; b < end; b++) {
    sum_a += dy[b * LANES + n];
    sum_b += dy[b * LANES + next];
  }
  save_partial(out, LAYERS, n, next, sum_a, sum_b);
  for (var quad = 0u; quad < QUADS; quad++) {
    var a0 = Lane();
    var a1 = Lane();
    var a2 = Lane();
    var a3 = Lane();
    var b0 = Lane();
    var b1 = Lane();
    var b2 = Lane();
    var b3 = Lane();
    for (var b = begin; b < end; b++) {
      let factor = factors[b * QUADS + quad];
      let xa = x0[b * LANES + n];
      let xb = x0[b * LANES + next];
      a0 += factor.x * xa;
      a1 += factor.y * xa;
      a2 += factor.z * xa;
      a3 += factor.w * xa;
      b0 += factor.x * xb;
      b1 += factor.y * xb;
      b2 += factor.z * xb;
      b3 += factor.w * xb;
    }
    let first = 4u * quad;
    save_partial(out, first, n, next, a0, b0);
    if (first + 1u < LAYERS) { save_partial(out, first + 1u, n, next, a1, b1); }
    if (first + 2u < LAYERS) { save_partial(out, first + 2u, n, next, a2, b2); }
    if (first + 3u < LAYERS) { save_partial(out, first + 3u, n, next, a3, b3); }
  }
}

fn save_partial(out: u32, l: u32, n: u32, next: u32, a: Lane, b: Lane) {
  partial[out + l * LANES + n] = a;
  partial[out + l * LANES + next] = b;
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
