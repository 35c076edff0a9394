// Attention over the element products of all pairs of fields (Xiao et al., IJCAI 2017, equations 4 to 6), in one pass.
//   x_p = e_i * e_j;  s_p = sum_a h_a relu(<w_a, x_p> + c_a);  v = sum_p m_p exp(s_p - log sum_q exp(s_q)) x_p
// with m the dropout's mask of [B, P]. Only s and the logarithm, lse, are kept; x_p and the hidden layer are formed again.
//   transpose  wt[a, d] = w[d, a], so that w_a is a row;  attention  y[b, p] = exp(s_p - lse)
// Shapes: e, de [B, F, D]; w [D, A]; wt [A, D]; c, h [A]; v, dv [B, D]; s, pulls [B, P]; lse [B]; f32.
// Grid: forward SPLIT invocations per sample, whose shares of the softmax are joined at the end; transpose and attention
// per number. Fixed orders, no atomics. The bindings are those of afm_backward.wgsl too. Needs pair_order.wgsl.
const LANES: u32 = 4u;     // lanes of D
const HIDDEN: u32 = 16u;   // A
const SPLIT: u32 = 1u;     // invocations per sample in forward, a divisor of 64
const SLICES: u32 = 512u;  // slices of the batch
const LOWEST: f32 = -3e38;

struct Params { batch: u32, fields: u32 }
@group(0) @binding(0) var<storage, read> e: array<Lane>;
@group(0) @binding(1) var<storage, read> wt: array<Lane>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read> head: array<f32>;
@group(0) @binding(4) var<storage, read_write> v: array<Lane>;
@group(0) @binding(5) var<storage, read_write> scores: array<f32>;
@group(0) @binding(6) var<storage, read_write> lse: array<f32>;
@group(0) @binding(7) var<storage, read> kept_scores: array<f32>;
@group(0) @binding(8) var<storage, read> kept_lse: array<f32>;
@group(0) @binding(9) var<storage, read> kept_v: array<Lane>;
@group(0) @binding(10) var<storage, read> dv: array<Lane>;
@group(0) @binding(11) var<storage, read_write> pulls: array<vec2f>;
@group(0) @binding(12) var<storage, read> kept_pulls: array<vec2f>;
@group(0) @binding(13) var<storage, read_write> de: array<Lane>;
@group(0) @binding(14) var<storage, read_write> partial_w: array<Lane>;
@group(0) @binding(15) var<storage, read_write> partial_c: array<vec2f>;
@group(0) @binding(16) var<storage, read> slice_w: array<f32>;
@group(0) @binding(17) var<storage, read> slice_c: array<vec2f>;
@group(0) @binding(18) var<storage, read_write> dw: array<f32>;
@group(0) @binding(19) var<storage, read_write> dbias: array<f32>;
@group(0) @binding(20) var<storage, read_write> dhead: array<f32>;
@group(0) @binding(21) var<storage, read> w: array<f32>;
@group(0) @binding(22) var<storage, read_write> y: array<f32>;
@group(0) @binding(23) var<uniform> params: Params;

var<workgroup> share_max: array<f32, 64>;
var<workgroup> share_sum: array<f32, 64>;
var<workgroup> share_v: array<Lane, 64>;

@compute @workgroup_size(64)
fn transpose(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let dim = arrayLength(&w) / HIDDEN;
  if (i < HIDDEN * dim) { y[i] = w[i % dim * HIDDEN + i / dim]; }
}

@compute @workgroup_size(64)
fn attention(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i < params.batch * pair_count()) { y[i] = exp(kept_scores[i] - kept_lse[i / pair_count()]); }
}

// First lanes of the fields j to j + 3; past the last field it repeats that one.
fn four_rows(b: u32, j: u32) -> vec4u {
  let fields = min(vec4u(j) + vec4u(0u, 1u, 2u, 3u), vec4u(params.fields - 1u));
  return (b * params.fields + fields) * LANES;
}

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * (64u / SPLIT) + lane / SPLIT;
  let fields = select(0u, params.fields, b < params.batch);
  var top = LOWEST;
  var sum = 0.0;
  var pooled: array<Lane, LANES>;
  var block = 0u;
  for (var i = 0u; i + 1u < fields; i++) {
    for (var j = i + 1u; j < fields; j += 4u) {
      block++;
      if (SPLIT > 1u && block % SPLIT != lane % SPLIT) { continue; }
      let left = (b * fields + i) * LANES;
      let right = four_rows(b, j);
      var x0: array<Lane, LANES>;
      var x1: array<Lane, LANES>;
      var x2: array<Lane, LANES>;
      var x3: array<Lane, LANES>;
      for (var c = 0u; c < LANES; c++) {
        let x = e[left + c];
        x0[c] = x * e[right.x + c];
        x1[c] = x * e[right.y + c];
        x2[c] = x * e[right.z + c];
        x3[c] = x * e[right.w + c];
      }
      var s = vec4f();
      for (var a = 0u; a < HIDDEN; a++) {
        var z0 = Lane();
        var z1 = Lane();
        var z2 = Lane();
        var z3 = Lane();
        for (var c = 0u; c < LANES; c++) {
          let row = wt[a * LANES + c];
          z0 += x0[c] * row;
          z1 += x1[c] * row;
          z2 += x2[c] * row;
          z3 += x3[c] * row;
        }
        s += head[a] * max(vec4f(total(z0), total(z1), total(z2), total(z3)) + bias[a], vec4f());
      }
      let at = b * pair_count() + pair_of(i, j);
      scores[at] = s.x;
      if (j + 1u < fields) { scores[at + 1u] = s.y; } else { s.y = LOWEST; }
      if (j + 2u < fields) { scores[at + 2u] = s.z; } else { s.z = LOWEST; }
      if (j + 3u < fields) { scores[at + 3u] = s.w; } else { s.w = LOWEST; }
      let new_top = max(max(top, max(s.x, s.y)), max(s.z, s.w));
      let keep = exp(top - new_top);
      let weight = exp(s - new_top);
      top = new_top;
      sum = sum * keep + (weight.x + weight.y) + (weight.z + weight.w);
      let masked = weight * vec4f(
        dropout_scale(at),
        dropout_scale(at + 1u),
        dropout_scale(at + 2u),
        dropout_scale(at + 3u),
      );
      for (var c = 0u; c < LANES; c++) {
        pooled[c] = pooled[c] * keep + masked.x * x0[c] + masked.y * x1[c] + masked.z * x2[c] + masked.w * x3[c];
      }
    }
  }
  if (SPLIT == 1u) {
    if (fields > 0u) {
      lse[b] = top + log(sum);
      for (var c = 0u; c < LANES; c++) { v[b * LANES + c] = pooled[c] / sum; }
    }
  } else {
    let first = lane / SPLIT * SPLIT;
    share_max[lane] = top;
    share_sum[lane] = sum;
    workgroupBarrier();
    var all_top = top;
    for (var k = 0u; k < SPLIT; k++) { all_top = max(all_top, share_max[first + k]); }
    var all_sum = 0.0;
    for (var k = 0u; k < SPLIT; k++) { all_sum += share_sum[first + k] * exp(share_max[first + k] - all_top); }
    let scale = exp(top - all_top) / all_sum;
    for (var c = 0u; c < LANES; c++) {
      share_v[lane] = pooled[c] * scale;
      workgroupBarrier();
      if (lane == first && fields > 0u) {
        var joined = share_v[first];
        for (var k = 1u; k < SPLIT; k++) { joined += share_v[first + k]; }
        v[b * LANES + c] = joined;
      }
      workgroupBarrier();
    }
    if (lane == first && fields > 0u) { lse[b] = all_top + log(all_sum); }
  }
}
