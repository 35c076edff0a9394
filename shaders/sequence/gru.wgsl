// Gated recurrent units over the valid places of histories, in PyTorch's form (Cho et al., EMNLP 2014), and those of DIEN
// with an attention weight a at each place (Zhou et al., AAAI 2019, interest evolving layer):
//   r = sigmoid(x_r + h U_r + c_r),  z = sigmoid(x_z + h U_z + c_z),  n = tanh(x_n + r (h U_n + c_n))
//   h' = h + s (n - h)  with s = 1 - z (GRU), a z (AUGRU), a (AGRU, which has no z)
// From h = 0. A row stops at its length; states past it are 0, and so are gradients.
//   forward   states h' and previous states h of all places, and the state after the last valid place
//   backward  gradients of x, of s = h U + c (in place of s) and of a (in place of a) from those of states or last ones
//   add_last  gradients of states, with those of the last states added at the last valid places
//   turn      U with rows and columns exchanged
// Needs grid.wgsl, and gru_attention.wgsl or gru_attention_none.wgsl, which give a.
// Shapes: x, s and their gradients [B, L, GATES H], gates in the order r, z, n; states, previous [B, L, H]; last [B, H];
// U [H, GATES H]; c [GATES H]; lengths [B]; f32.
// Grid: forward and backward one workgroup per 4 QUADS rows of the batch, whose places they walk one after the other. A
// thread computes one unit of four rows, so that each number of U which it loads serves four products.
// Memory: 4 (GATES + 2) H bytes a place for forward, 4 (4 GATES + 2) H for backward; U once per workgroup and place, or once
// per workgroup where workgroup memory has room for it.
const UNITS: u32 = 1u;      // H
const GATES: u32 = 3u;      // 2 without z
const QUADS: u32 = 64u;     // rows of a workgroup / 4
const THREADS: u32 = 64u;   // QUADS UNITS at least
const RESIDENT: bool = false;  // whether U is in workgroup memory
const KEPT: u32 = 1u;          // numbers of U there
const WRITES_STATES: bool = true;
const WRITES_PREVIOUS: bool = true;
const WRITES_LAST: bool = true;
const FROM_LAST: bool = false;  // whether dy is the gradient of the last states

struct Params { batch: u32, places: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weights: array<f32>;  // U, or for backward U turned
@group(0) @binding(2) var<storage, read> c: array<f32>;
@group(0) @binding(3) var<storage, read> lengths: array<u32>;
@group(0) @binding(4) var<storage, read_write> states: array<f32>;
@group(0) @binding(5) var<storage, read_write> previous: array<f32>;
@group(0) @binding(6) var<storage, read_write> last: array<f32>;
@group(0) @binding(7) var<storage, read> before: array<f32>;  // previous states, as backward reads them
@group(0) @binding(8) var<storage, read> dy: array<f32>;
@group(0) @binding(9) var<storage, read_write> dx: array<f32>;
@group(0) @binding(10) var<storage, read_write> ds: array<f32>;  // s at first
@group(0) @binding(11) var<storage, read> d_last: array<f32>;
@group(0) @binding(12) var<storage, read_write> y: array<f32>;
@group(0) @binding(13) var<uniform> params: Params;

const COLUMNS: u32 = GATES * UNITS;
const N: u32 = (GATES - 1u) * UNITS;  // first column of n

var<workgroup> kept: array<f32, KEPT>;
var<workgroup> hidden: array<vec4f, 2u * THREADS>;  // states before and after a place
var<workgroup> of_r: array<vec4f, THREADS>;
var<workgroup> of_z: array<vec4f, THREADS>;
var<workgroup> of_n: array<vec4f, THREADS>;
var<workgroup> of_a: array<vec4f, THREADS>;

// A unit of four rows of the batch.
struct Work {
  unit: u32,
  quad: u32,    // first thread of the rows
  first: u32,   // first row
  rows: u32,    // rows that there are
  ends: vec4u,  // their lengths, 0 where there is none
}

fn work(group: u32, lane: u32) -> Work {
  let quad = min(lane / UNITS, QUADS - 1u);
  let first = 4u * (group * QUADS + quad);
  let rows = select(0u, min(params.batch - min(first, params.batch), 4u), lane < QUADS * UNITS);
  var ends = vec4u(0u);
  for (var i = 0u; i < rows; i++) { ends[i] = lengths[first + i]; }
  return Work(lane % UNITS, quad * UNITS, first, rows, ends);
}

// Returns the length of the longest history of a workgroup, the same in all its threads.
fn longest_of(group: u32) -> u32 {
  var longest = 0u;
  for (var i = 0u; i < 4u * QUADS; i++) {
    longest = max(longest, lengths[min(4u * group * QUADS + i, params.batch - 1u)]);
  }
  return longest;
}

// Returns the number of a place in each row; rows that there are not have that of the last one.
fn places_of(at: Work, t: u32) -> vec4u {
  let rows = min(at.first + vec4u(0u, 1u, 2u, 3u), vec4u(params.batch - 1u));
  return rows * params.places + t;
}

fn keep_weights(lane: u32) {
  if (!RESIDENT) { return; }
  for (var i = lane; i < KEPT; i += THREADS) { kept[i] = weights[i]; }
}

fn weight(i: u32) -> f32 {
  if (RESIDENT) { return kept[i]; }
  return weights[i];
}

fn x_at(i: vec4u) -> vec4f {
  return vec4f(x[i.x], x[i.y], x[i.z], x[i.w]);
}

fn s_at(i: vec4u) -> vec4f {
  return vec4f(ds[i.x], ds[i.y], ds[i.z], ds[i.w]);
}

fn sigmoid(v: vec4f) -> vec4f {
  return 1.0 / (1.0 + exp(-v));
}

// Drivers that divide exponentials get NaN from large arguments.
fn bounded_tanh(v: vec4f) -> vec4f {
  return tanh(clamp(v, vec4f(-15.0), vec4f(15.0)));
}

fn share_of(z: vec4f, a: vec4f) -> vec4f {
  if (ATTENDED) { return a * z; }
  return 1.0 - z;
}

fn store_place(at: Work, t: u32, before: vec4f, after: vec4f) {
  for (var i = 0u; i < at.rows; i++) {
    let place = ((at.first + i) * params.places + t) * UNITS + at.unit;
    if (WRITES_PREVIOUS) { previous[place] = before[i]; }
    if (WRITES_STATES) { states[place] = after[i]; }
  }
}

@compute @workgroup_size(THREADS)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = linear_group(group, groups);
  let at = work(number, lane);
  let longest = longest_of(number);
  keep_weights(lane);
  var h = vec4f(0.0);
  hidden[lane] = h;
  for (var t = 0u; t < longest; t++) {
    let place = places_of(at, t);
    let column = place * COLUMNS + at.unit;
    let x_r = x_at(column);
    let x_z = x_at(column + N - UNITS);
    let x_n = x_at(column + N);
    let a = attention_at(place);
    var r = vec4f(c[at.unit]);
    var z = vec4f(c[N - UNITS + at.unit]);
    var n = vec4f(c[N + at.unit]);
    let states_before = (t & 1u) * THREADS + at.quad;
    workgroupBarrier();
    for (var k = 0u; k < UNITS; k++) {
      let value = hidden[states_before + k];
      r += value * weight(k * COLUMNS + at.unit);
      if (GATES == 3u) { z += value * weight(k * COLUMNS + UNITS + at.unit); }
      n += value * weight(k * COLUMNS + N + at.unit);
    }
    n = bounded_tanh(x_n + sigmoid(x_r + r) * n);
    z = select(vec4f(1.0), sigmoid(x_z + z), GATES == 3u);
    let isValid = vec4u(t) < at.ends;
    let after = select(h, h + share_of(z, a) * (n - h), isValid);
    store_place(at, t, select(vec4f(0.0), h, isValid), select(vec4f(0.0), after, isValid));
    h = after;
    hidden[((t + 1u) & 1u) * THREADS + lane] = h;
  }
  for (var t = longest; t < params.places; t++) { store_place(at, t, vec4f(0.0), vec4f(0.0)); }
  if (!WRITES_LAST) { return; }
  for (var i = 0u; i < at.rows; i++) { last[(at.first + i) * UNITS + at.unit] = h[i]; }
}

// Returns the gradient that reaches the states of a place from outside.
fn upstream(at: Work, t: u32) -> vec4f {
  var gradient = vec4f(0.0);
  for (var i = 0u; i < at.rows; i++) {
    let row = at.first + i;
    if (FROM_LAST && t + 1u == at.ends[i]) { gradient[i] = dy[row * UNITS + at.unit]; }
    if (!FROM_LAST && t < at.ends[i]) { gradient[i] = dy[(row * params.places + t) * UNITS + at.unit]; }
  }
  return gradient;
}

fn store_gradients(at: Work, t: u32, r: vec4f, z: vec4f, n: vec4f, of_state: vec4f) {
  for (var i = 0u; i < at.rows; i++) {
    let place = ((at.first + i) * params.places + t) * COLUMNS + at.unit;
    dx[place] = r[i];
    ds[place] = r[i];
    if (GATES == 3u) {
      dx[place + UNITS] = z[i];
      ds[place + UNITS] = z[i];
    }
    dx[place + N] = n[i];
    ds[place + N] = of_state[i];
  }
}

@compute @workgroup_size(THREADS)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = linear_group(group, groups);
  let at = work(number, lane);
  let longest = longest_of(number);
  let zero = vec4f(0.0);
  keep_weights(lane);
  for (var t = longest; t < params.places; t++) {
    store_gradients(at, t, zero, zero, zero, zero);
    if (at.unit == 0u) { store_attention_gradient(at, t, zero); }
  }
  var dh = zero;
  for (var t = longest; t > 0u; t--) {
    let place = places_of(at, t - 1u);
    let column = place * COLUMNS + at.unit;
    let unit = place * UNITS + at.unit;
    let h = vec4f(before[unit.x], before[unit.y], before[unit.z], before[unit.w]);
    let a = kept_attention_at(place);
    let s_n = s_at(column + N);
    let r = sigmoid(x_at(column) + s_at(column));
    let z = select(vec4f(1.0), sigmoid(x_at(column + N - UNITS) + s_at(column + N - UNITS)), GATES == 3u);
    let n = bounded_tanh(x_at(column + N) + r * s_n);
    let share = share_of(z, a);
    dh += upstream(at, t - 1u);
    let d_share = dh * (n - h);
    let d_n = dh * share * (1.0 - n * n);
    let d_r = d_n * s_n * r * (1.0 - r);
    let d_z = d_share * z * (1.0 - z) * select(vec4f(-1.0), a, ATTENDED);
    // Threads have read what the barrier before keeps them from overwriting.
    workgroupBarrier();
    of_r[lane] = d_r;
    of_z[lane] = d_z;
    of_n[lane] = d_n * r;
    of_a[lane] = d_share * z;
    store_gradients(at, t - 1u, d_r, d_z, d_n, d_n * r);
    attention_barrier();
    workgroupBarrier();
    dh *= 1.0 - share;
    var d_a = zero;
    for (var k = 0u; k < UNITS; k++) {
      dh += of_r[at.quad + k] * weight(k * UNITS + at.unit);
      if (GATES == 3u) { dh += of_z[at.quad + k] * weight((UNITS + k) * UNITS + at.unit); }
      dh += of_n[at.quad + k] * weight((N + k) * UNITS + at.unit);
      if (ATTENDED) { d_a += of_a[at.quad + k]; }
    }
    if (at.unit == 0u) { store_attention_gradient(at, t - 1u, d_a); }
  }
}

@compute @workgroup_size(64)
fn add_last(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let place = i / UNITS;
  let row = place / params.places;
  if (row >= params.batch) { return; }
  let share = d_last[row * UNITS + i % UNITS];
  y[i] = dy[i] + select(0.0, share, place % params.places + 1u == lengths[row]);
}

@compute @workgroup_size(64)
fn turn(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i < UNITS * COLUMNS) { y[i] = weights[i % UNITS * COLUMNS + i / UNITS]; }
}
