// Attention of one query per head to the places of a history.
//   forward   y[b, h, :] = sum_t w[b, h, t] x[b, t, :],  w[b, h, :] = softmax over t of scale q[b, h, :] . x[b, t, :]
//   backward  ds = scale w (dw - sum_t w dw) with dw = dy . x;  dx = sum_h w dy + ds q;  dq = sum_t ds x
// Without SOFTMAX, w[b, h, t] = scale q[b, h, :] . x[b, t, :] and ds = scale dw.
// Over the newest `window` places of a history, and where TOP > 0 over the TOP best of them, the newer one among
// equals; all others have w = 0 and dx = 0.
// Needs grid.wgsl, laneN.wgsl, largest.wgsl and pool_columns.wgsl. Shapes: q, y, dq, dy [B, H, W]; x, dx [B, L, N];
// w, ds [B, H, L]; lengths [B]; f32; rows of q, x, y and their gradients by lanes. Every head reads all columns of x
// (W = N, STEP = 0), or each its own (W H = N, STEP = COUNT).
// Grid: one workgroup per ROWS rows of the batch, in which PER threads share a head of a row. Memory: x is read twice
// (the second time from a cache), w written; backward: x read twice, dx written. No atomics, sums in a fixed order:
// bit-reproducible.
const ROWS: u32 = 1u;   // rows of a workgroup
const PER: u32 = 1u;    // threads of a head
const SOFTMAX: bool = true;
const HEADS: u32 = 1u;
const COUNT: u32 = 1u;  // lanes of a query
const ROW: u32 = 1u;    // lanes of a place
const STEP: u32 = 0u;   // lanes from the columns of a head to those of the next
const ROW_THREADS: u32 = HEADS * PER;
const THREADS: u32 = ROWS * ROW_THREADS;

struct Params { batch: u32, places: u32, window: u32, scale: f32 }
@group(0) @binding(0) var<storage, read> q: array<Lane>;
@group(0) @binding(1) var<storage, read> x: array<Lane>;
@group(0) @binding(2) var<storage, read> lengths: array<u32>;
@group(0) @binding(3) var<storage, read_write> factors: array<f32>;  // w; in backward ds
@group(0) @binding(4) var<storage, read_write> y: array<Lane>;       // in backward dq
@group(0) @binding(5) var<storage, read> w: array<f32>;
@group(0) @binding(6) var<storage, read> dy: array<Lane>;
@group(0) @binding(7) var<storage, read_write> dx: array<Lane>;
@group(0) @binding(8) var<uniform> params: Params;

var<workgroup> fold: array<f32, THREADS>;

fn score_at(i: u32) -> f32 { return factors[i]; }

fn factor_of(b: u32, h: u32, t: u32) -> f32 { return factors[(b * HEADS + h) * params.places + t]; }

fn value_of(b: u32, h: u32, t: u32, c: u32) -> Lane { return x[(b * params.places + t) * ROW + h * STEP + c]; }

fn keep(b: u32, h: u32, c: u32, sum: Lane) { y[(b * HEADS + h) * COUNT + c] = sum; }

// What a thread works at.
struct Seat {
  b: u32,         // row of the batch
  live: bool,     // whether there is such a row
  h: u32,
  places: vec2u,  // first place that counts, and the end
  turn: Turn,     // the thread's own places
}

fn seat_of(group: u32, thread: u32) -> Seat {
  let row = group * ROWS + thread / ROW_THREADS;
  let live = row < params.batch;
  let b = select(0u, row, live);
  let h = thread % ROW_THREADS / PER;
  let end = select(0u, lengths[b], live);
  let first = end - min(end, params.window);
  return Seat(b, live, h, vec2u(first, end), Turn((b * HEADS + h) * params.places, first + thread % PER, end));
}

// Sums over the threads of a head, in their order.
fn head_sum(thread: u32, own: f32) -> f32 {
  if (PER == 1u) { return own; }
  fold[thread] = own;
  workgroupBarrier();
  var sum = 0.0;
  for (var i = 0u; i < PER; i++) { sum += fold[thread - thread % PER + i]; }
  workgroupBarrier();
  return sum;
}

fn head_max(thread: u32, own: f32) -> f32 {
  if (PER == 1u) { return own; }
  fold[thread] = own;
  workgroupBarrier();
  var largest = own;
  for (var i = 0u; i < PER; i++) { largest = max(largest, fold[thread - thread % PER + i]); }
  workgroupBarrier();
  return largest;
}

// Turns the scores of a head into weights; own_largest is the largest of the thread's own.
fn weigh(turn: Turn, thread: u32, own_largest: f32) {
  var mark = Mark(0u, 0u);
  if (TOP > 0u) { mark = last_taken(turn, params.places, thread); }
  let largest = head_max(thread, own_largest);
  var own = 0.0;
  for (var t = turn.first; t < turn.end; t += PER) {
    let score = factors[turn.row + t];
    let e = select(exp(score - largest), 0.0, TOP > 0u && !is_taken(mark, score, t));
    factors[turn.row + t] = e;
    own += e;
  }
  let sum = head_sum(thread, own);
  for (var t = turn.first; t < turn.end; t += PER) { factors[turn.row + t] /= sum; }
}

@compute @workgroup_size(THREADS)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = seat_of(linear_group(group, groups), thread);
  let turn = at.turn;
  var own = -3.0e38;
  for (var t = turn.first; t < turn.end; t += PER) {
    var sum = Lane();
    for (var c = 0u; c < COUNT; c++) {
      sum = fma(q[(at.b * HEADS + at.h) * COUNT + c], value_of(at.b, at.h, t, c), sum);
    }
    let score = params.scale * total(sum);
    factors[turn.row + t] = score;
    own = max(own, score);
  }
  if (SOFTMAX) { weigh(turn, thread, own); }
  for (var t = thread % PER; at.live && t < params.places; t += PER) {
    if (t < at.places.x || t >= at.places.y) { factors[turn.row + t] = 0.0; }
  }
  storageBarrier();
  pool_columns(at.b, at.live, at.places, thread);
}

@compute @workgroup_size(THREADS)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = seat_of(linear_group(group, groups), thread);
  let turn = at.turn;
  var own = 0.0;
  for (var t = turn.first; t < turn.end; t += PER) {
    let weight = w[turn.row + t];
    var sum = Lane();
    if (!SOFTMAX || weight != 0.0) {
      for (var c = 0u; c < COUNT; c++) {
        sum = fma(dy[(at.b * HEADS + at.h) * COUNT + c], value_of(at.b, at.h, t, c), sum);
      }
    }
    factors[turn.row + t] = total(sum);
    own = fma(weight, total(sum), own);
  }
  var mean = own;
  if (SOFTMAX) { mean = head_sum(thread, own); }
  for (var t = turn.first; t < turn.end; t += PER) {
    let weighted = w[turn.row + t] * (factors[turn.row + t] - mean);
    factors[turn.row + t] = params.scale * select(factors[turn.row + t], weighted, SOFTMAX);
  }
  storageBarrier();
  for (var i = thread % ROW_THREADS; at.live && i < params.places * ROW; i += ROW_THREADS) {
    let t = i / ROW;
    dx[at.b * params.places * ROW + i] = item_gradient(at.b, t, i % ROW, t >= at.places.x && t < at.places.y);
  }
  pool_columns(at.b, at.live, at.places, thread);
}

fn item_gradient(b: u32, t: u32, column: u32, matters: bool) -> Lane {
  let first = select(column / COUNT, 0u, STEP == 0u);
  let end = select(first + 1u, HEADS, STEP == 0u);
  var sum = Lane();
  for (var h = first; matters && h < end; h++) {
    let at = (b * HEADS + h) * params.places + t;
    let c = (b * HEADS + h) * COUNT + column - h * STEP;
    if (!SOFTMAX || w[at] != 0.0) { sum = fma(Lane(w[at]), dy[c], fma(Lane(factors[at]), q[c], sum)); }
  }
  return sum;
}
