// Attention over pairs for GPUs (the formulas are those of afm.wgsl), for rows of at most four lanes.
// Grid: forward SPLIT threads per sample, each of which takes four pairs of one field at a time.
// Pairs go around: pair (i, k) is of the fields i and i + k modulo F with 1 <= k <= F / 2, so that all i have as many.
// Shapes: e, de [B, F, D]; wt [A, D]; c, h [A]; v, dv [B, D]; s, pulls [B, P]; lse [B]; f32. Fixed orders, no atomics.
// The bindings are those of afm_registers_backward.wgsl too. Needs field_rows.wgsl and pair_order.wgsl.
const HIDDEN: u32 = 16u;   // A, at most 64
const SPLIT: u32 = 16u;    // threads per sample in forward, a divisor of 64
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
@group(0) @binding(7) var<storage, read> dv: array<Lane>;
@group(0) @binding(8) var<storage, read> kept_pulls: array<vec2f>;
@group(0) @binding(9) var<storage, read_write> de: array<Lane>;
@group(0) @binding(10) var<storage, read_write> partial_w: array<Lane>;
@group(0) @binding(11) var<storage, read_write> partial_c: array<vec2f>;
@group(0) @binding(12) var<storage, read> slice_w: array<f32>;
@group(0) @binding(13) var<storage, read> slice_c: array<vec2f>;
@group(0) @binding(14) var<storage, read_write> dw: array<f32>;
@group(0) @binding(15) var<storage, read_write> dbias: array<f32>;
@group(0) @binding(16) var<storage, read_write> dhead: array<f32>;
@group(0) @binding(17) var<storage, read> kept_scores: array<f32>;
@group(0) @binding(18) var<storage, read> kept_lse: array<f32>;
@group(0) @binding(19) var<storage, read> kept_v: array<Lane>;
@group(0) @binding(20) var<storage, read_write> pulls: array<vec2f>;
@group(0) @binding(21) var<uniform> params: Params;

const BLOCKS: u32 = (HIDDEN + 3u) / 4u;  // blocks of four hidden units
const SHARES: u32 = 128u / BLOCKS;       // threads that share the pairs of a slice
const MERGERS: u32 = 16u;                // threads that share the slices of a number

var<workgroup> share_max: array<f32, 64>;
var<workgroup> share_sum: array<f32, 64>;
var<workgroup> share_lanes: array<Lane, 512>;
var<workgroup> share_units: array<vec4f, 128>;
var<workgroup> share_pairs: array<vec2f, 64>;

fn row_of_wt(a: u32) -> Row {
  let at = a * LANES;
  var row = Row(wt[at], Lane(), Lane(), Lane());
  if (LANES > 1u) { row.v1 = wt[at + 1u]; }
  if (LANES > 2u) { row.v2 = wt[at + 2u]; }
  if (LANES > 3u) { row.v3 = wt[at + 3u]; }
  return row;
}

fn row_of_v(at: u32) -> Row {
  var row = Row(kept_v[at], Lane(), Lane(), Lane());
  if (LANES > 1u) { row.v1 = kept_v[at + 1u]; }
  if (LANES > 2u) { row.v2 = kept_v[at + 2u]; }
  if (LANES > 3u) { row.v3 = kept_v[at + 3u]; }
  return row;
}

fn row_of_dv(at: u32) -> Row {
  var row = Row(dv[at], Lane(), Lane(), Lane());
  if (LANES > 1u) { row.v1 = dv[at + 1u]; }
  if (LANES > 2u) { row.v2 = dv[at + 2u]; }
  if (LANES > 3u) { row.v3 = dv[at + 3u]; }
  return row;
}

// Number of the field that is k after i.
fn around(i: u32, k: u32) -> u32 {
  let j = i + k;
  return select(j, j - params.fields, j >= params.fields);
}

// Whether (i, k) is a pair; where F is even, fields that are F / 2 apart would be met twice.
fn is_pair(i: u32, k: u32) -> bool {
  return 2u * k < params.fields || (2u * k == params.fields && 2u * i < params.fields);
}

fn number_of(i: u32, j: u32) -> u32 {
  return pair_of(min(i, j), max(i, j));
}

// Keeps the score of a pair, or the lowest number where (i, k) is none.
fn keep_score(sample: u32, i: u32, k: u32, score: f32) -> f32 {
  if (!is_pair(i, k)) { return LOWEST; }
  scores[sample + number_of(i, around(i, k))] = score;
  return score;
}

fn mask_of(sample: u32, i: u32, k: u32) -> f32 {
  return dropout_scale(sample + number_of(i, around(i, k)));
}

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * (64u / SPLIT) + lane / SPLIT;
  let valid = b < params.batch;
  let fields = params.fields;
  let sample = b * pair_count();
  let first_row = b * fields * LANES;
  // Each quad is a field i with four k.
  let quads = select(0u, fields * ((fields / 2u + 3u) / 4u), valid);
  let half = fields / 2u;
  var top = LOWEST;
  var sum = 0.0;
  var pooled = Row();
  for (var quad = lane % SPLIT; quad < quads; quad += SPLIT) {
    let i = quad % fields;
    let k = quad / fields * 4u + 1u;
    let own = row_of_e(first_row + i * LANES);
    let x0 = times(own, row_of_e(first_row + around(i, k) * LANES));
    let x1 = times(own, row_of_e(first_row + around(i, min(k + 1u, half)) * LANES));
    let x2 = times(own, row_of_e(first_row + around(i, min(k + 2u, half)) * LANES));
    let x3 = times(own, row_of_e(first_row + around(i, min(k + 3u, half)) * LANES));
    var s = vec4f();
    for (var a = 0u; a < HIDDEN; a++) {
      let row = row_of_wt(a);
      let z = vec4f(inner(x0, row), inner(x1, row), inner(x2, row), inner(x3, row)) + bias[a];
      s += head[a] * max(z, vec4f());
    }
    s = vec4f(
      keep_score(sample, i, k, s.x),
      keep_score(sample, i, k + 1u, s.y),
      keep_score(sample, i, k + 2u, s.z),
      keep_score(sample, i, k + 3u, s.w),
    );
    let new_top = max(max(top, max(s.x, s.y)), max(s.z, s.w));
    let keep = exp(top - new_top);
    let exponentials = exp(s - new_top);
    // Where not even the first k makes a pair, all that counts so far may be the lowest number itself.
    let weight = select(vec4f(), exponentials, s > vec4f(LOWEST));
    top = new_top;
    sum = sum * keep + (weight.x + weight.y) + (weight.z + weight.w);
    pooled = scaled(pooled, keep);
    pooled = plus(pooled, weight.x * mask_of(sample, i, k), x0);
    pooled = plus(pooled, weight.y * mask_of(sample, i, k + 1u), x1);
    pooled = plus(pooled, weight.z * mask_of(sample, i, k + 2u), x2);
    pooled = plus(pooled, weight.w * mask_of(sample, i, k + 3u), x3);
  }
  let first = lane / SPLIT * SPLIT;
  share_max[lane] = top;
  share_sum[lane] = sum;
  workgroupBarrier();
  var all_top = top;
  for (var k = 0u; k < SPLIT; k++) { all_top = max(all_top, share_max[first + k]); }
  var all_sum = 0.0;
  for (var k = 0u; k < SPLIT; k++) { all_sum += share_sum[first + k] * exp(share_max[first + k] - all_top); }
  keep_lanes(lane, scaled(pooled, exp(top - all_top) / all_sum));
  workgroupBarrier();
  if (!valid) { return; }
  for (var c = lane % SPLIT; c < LANES; c += SPLIT) { v[b * LANES + c] = sum_of_lanes(first, 1u, SPLIT, c); }
  if (lane == first) { lse[b] = all_top + log(all_sum); }
}

fn keep_lanes(thread: u32, row: Row) {
  share_lanes[4u * thread] = row.v0;
  share_lanes[4u * thread + 1u] = row.v1;
  share_lanes[4u * thread + 2u] = row.v2;
  share_lanes[4u * thread + 3u] = row.v3;
}

// The sum of a lane over threads, each so many after the one before.
fn sum_of_lanes(first: u32, step: u32, count: u32, c: u32) -> Lane {
  var sum = Lane();
  for (var k = 0u; k < count; k++) { sum += share_lanes[4u * (first + k * step) + c]; }
  return sum;
}
