// Attention by hash collisions: adds the places of a history whose codes equal the target's.
//   s_j = sum of x[b, t, :] over t < lengths[b] with code_j(x[b, t, :]) = code_j(q[b, :]);  u_j = s_j, or s_j / |s_j|
//   forward   y[b, :] = 1/m sum_j u_j
//   backward  dx[b, t, :] = 1/m sum over the j that match of dy, or of (dy - u_j (u_j . dy)) / |s_j|
// A sum with |s_j| <= 1e-12 counts as 0 where sums are normalized. No gradient flows to q or through the codes.
// Needs grid.wgsl, laneN.wgsl, sign_hash.wgsl and pool_columns.wgsl. Shapes: q, y, dy [B, N]; x, dx [B, L, N];
// s [B, m, N]; matches [B, L, WORDS], bit j of which says whether code j is the target's; lengths [B]; f32, by lanes.
// Grid: one workgroup per row of the batch. Memory: x is read twice (the second time from a cache); backward: dx is
// written, and neither x nor the directions are read. No atomics, sums in a fixed order: bit-reproducible.
const THREADS: u32 = 64u;
const ROW_THREADS: u32 = THREADS;
const COUNT: u32 = 1u;        // lanes of a row
const HEADS: u32 = 1u;        // sums that are kept: m where they are normalized, else 1
const NORMALIZES: bool = false;
const WORDS: u32 = 1u;

struct Params { batch: u32, places: u32 }
@group(0) @binding(1) var<storage, read> q: array<Lane>;
@group(0) @binding(2) var<storage, read> x: array<Lane>;
@group(0) @binding(3) var<storage, read> lengths: array<u32>;
@group(0) @binding(4) var<storage, read_write> matches: array<u32>;
@group(0) @binding(5) var<storage, read_write> s: array<Lane>;    // y where sums are not normalized
@group(0) @binding(6) var<storage, read_write> y: array<Lane>;    // in gradients dx
@group(0) @binding(7) var<storage, read> known: array<u32>;      // matches of the forward
@group(0) @binding(8) var<storage, read> known_s: array<Lane>;   // s of the forward
@group(0) @binding(9) var<storage, read> dy: array<Lane>;
@group(0) @binding(10) var<uniform> params: Params;

const SHARE: f32 = 1.0 / f32(CODES);
const SMALLEST: f32 = 1e-12;

// 1 / |s_j|, and in gradients s_j . dy / |s_j|^3.
var<workgroup> norms: array<vec2f, HEADS>;

fn factor_of(b: u32, h: u32, t: u32) -> f32 {
  let first = (b * params.places + t) * WORDS;
  if (NORMALIZES) { return f32((matches[first + h / 32u] >> (h % 32u)) & 1u); }
  var count = 0u;
  for (var word = 0u; word < WORDS; word++) { count += countOneBits(matches[first + word]); }
  return f32(count) * SHARE;
}

fn value_of(b: u32, h: u32, t: u32, c: u32) -> Lane { return x[(b * params.places + t) * COUNT + c]; }

fn keep(b: u32, h: u32, c: u32, sum: Lane) { s[(b * HEADS + h) * COUNT + c] = sum; }

fn sum_matches(b: u32, thread: u32) {
  for (var c = 0u; c < COUNT; c++) { row[c] = q[b * COUNT + c]; }
  hash_target(thread);
  for (var t = thread; t < params.places; t += THREADS) {
    let at = b * params.places + t;
    let valid = t < lengths[b];
    for (var c = 0u; c < COUNT; c++) { row[c] = x[at * COUNT + c]; }
    for (var word = 0u; word < WORDS; word++) {
      var bits = 0u;
      for (var j = 32u * word; valid && j < min(32u * word + 32u, CODES); j++) {
        bits |= select(0u, 1u, code_of(j) == target_codes[j]) << (j % 32u);
      }
      matches[at * WORDS + word] = bits;
    }
  }
  storageBarrier();
  pool_columns(b, true, vec2u(0u, lengths[b]), thread);
}

@compute @workgroup_size(THREADS)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let b = linear_group(group, groups);
  if (b < params.batch) { sum_matches(b, thread); }
}

@compute @workgroup_size(THREADS)
fn forward_normalized(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let b = linear_group(group, groups);
  if (b >= params.batch) { return; }
  sum_matches(b, thread);
  storageBarrier();
  for (var j = thread; j < HEADS; j += THREADS) {
    var squares = Lane();
    for (var c = 0u; c < COUNT; c++) {
      let lane = s[(b * HEADS + j) * COUNT + c];
      squares = fma(lane, lane, squares);
    }
    norms[j] = vec2f(inverse_of(sqrt(total(squares))), 0.0);
  }
  workgroupBarrier();
  for (var c = thread; c < COUNT; c += THREADS) {
    var sum = Lane();
    for (var j = 0u; j < HEADS; j++) { sum = fma(Lane(norms[j].x), s[(b * HEADS + j) * COUNT + c], sum); }
    y[b * COUNT + c] = SHARE * sum;
  }
}

fn inverse_of(norm: f32) -> f32 {
  return select(0.0, 1.0 / max(norm, SMALLEST), norm > SMALLEST);
}

@compute @workgroup_size(THREADS)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = linear_group(group, groups) * THREADS + thread;
  let place = i / COUNT;
  if (place >= params.batch * params.places) { return; }
  var count = 0u;
  for (var word = 0u; word < WORDS; word++) { count += countOneBits(known[place * WORDS + word]); }
  y[i] = f32(count) * SHARE * dy[place / params.places * COUNT + i % COUNT];
}

@compute @workgroup_size(THREADS)
fn gradient_normalized(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let b = linear_group(group, groups);
  if (b >= params.batch) { return; }
  for (var j = thread; j < HEADS; j += THREADS) {
    var squares = Lane();
    var products = Lane();
    for (var c = 0u; c < COUNT; c++) {
      let lane = known_s[(b * HEADS + j) * COUNT + c];
      squares = fma(lane, lane, squares);
      products = fma(lane, dy[b * COUNT + c], products);
    }
    let inverse = inverse_of(sqrt(total(squares)));
    norms[j] = vec2f(inverse, total(products) * inverse * inverse * inverse);
  }
  workgroupBarrier();
  for (var i = thread; i < params.places * COUNT; i += THREADS) {
    let c = i % COUNT;
    let first = (b * params.places + i / COUNT) * WORDS;
    var slope = 0.0;
    var along = Lane();
    for (var j = 0u; j < HEADS; j++) {
      if (((known[first + j / 32u] >> (j % 32u)) & 1u) == 1u) {
        slope += norms[j].x;
        along = fma(Lane(norms[j].y), known_s[(b * HEADS + j) * COUNT + c], along);
      }
    }
    y[b * params.places * COUNT + i] = SHARE * (slope * dy[b * COUNT + c] - along);
  }
}
