// A filter of the places of histories, one complex number a + i b for each column and all frequencies (MIRRN: Xu et al., KDD
// 2025, as its code has it):
//   forward   y[b, g, t, n] = a[g, n] x[b, g, t, n] + b[g, n] z[b, g, t, n] for t < C, else 0, with
//             z[t] = sum over s < C of turn(t - s) x[s]: every wave of x a quarter of its length on, without constant and
//             fastest wave; C = lengths[b, g]
//   gradient  dx[t] = a dy[t] - b sum over s of turn(t - s) dy[s], since turn(-m) = -turn(m)
//   partial   sums of dy x and of dy z over the places of a slice of the batch
//   merge     da and db as the sums of these
// The sum of sines that multiplication by i leaves behind an inverse transform has a closed form:
//   turn(m) = -2/C sum over 0 < f < C/2 of sin(2 pi f m / C)
//           = -2/C cot(pi m / C) for even C and odd m, 0 for even m
//           = -1/C (cos(pi m / C) - (-1)^m) / sin(pi m / C) for odd C
// Needs grid.wgsl. Shapes: x, y, z and gradients [B, G K, N]; lengths [B, G]; weights [G, 2, N], a and b; sums
// [SLICES, G, 2, N]; f32. Places past the end of a history get 0.
// Grid: forward and gradient one workgroup per history, with turn(m) in workgroup memory; the others one invocation per sum.
// No atomics, sums in order of the places.
const THREADS: u32 = 64u;
const PLACES: u32 = 1u;  // K
const WRITES_TURNED: bool = false;

struct Params { batch: u32, lists: u32, width: u32, slice: u32, slices: u32 }  // lists: G
@group(0) @binding(0) var<storage, read> x: array<f32>;  // in the gradient dy
@group(0) @binding(1) var<storage, read> lengths: array<u32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> turned: array<f32>;  // z
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;  // y, dx or sums
@group(0) @binding(6) var<storage, read_write> z: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

const PI: f32 = 3.14159265358979;
var<workgroup> turns: array<f32, PLACES>;

fn turn_of(m: u32, count: u32) -> f32 {
  if (m == 0u) { return 0.0; }
  let sign = 1.0 - 2.0 * f32(m & 1u);
  let angle = PI * f32(m) / f32(count);
  let cosine = cos(angle);
  let even = cosine * (1.0 - sign);
  let odd = cosine - sign;
  return -select(odd, even, (count & 1u) == 0u) / (sin(angle) * f32(count));
}

// Returns z of a place from numbers `x` that lie a row of columns apart.
fn turned_at(first: u32, t: u32, count: u32) -> f32 {
  var sum = 0.0;
  for (var s = 0u; s < count; s++) { sum += turns[select(t - s, t + count - s, s > t)] * x[first + s * params.width]; }
  return sum;
}

struct List { first: u32, weights: u32, count: u32, live: bool }

// What a workgroup works on; keeps the turns of so many places.
fn list_of(list: u32, thread: u32) -> List {
  let live = list < params.batch * params.lists;
  let count = select(0u, lengths[min(list, params.batch * params.lists - 1u)], live);
  for (var m = thread; m < count; m += THREADS) { turns[m] = turn_of(m, count); }
  workgroupBarrier();
  return List(list * PLACES * params.width, list % params.lists * 2u * params.width, count, live);
}

// Returns a x + sign b z of number i of a list, and z; both 0 past its end.
fn filtered(at: List, i: u32, sign: f32) -> vec2f {
  let t = i / params.width;
  let n = i % params.width;
  if (t >= at.count) { return vec2f(); }
  let rotated = turned_at(at.first + n, t, at.count);
  let own = weights[at.weights + n] * x[at.first + i];
  return vec2f(own + sign * weights[at.weights + params.width + n] * rotated, rotated);
}

@compute @workgroup_size(THREADS)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = list_of(linear_group(group, groups), thread);
  for (var i = thread; at.live && i < PLACES * params.width; i += THREADS) {
    let result = filtered(at, i, 1.0);
    y[at.first + i] = result.x;
    if (WRITES_TURNED) { z[at.first + i] = result.y; }
  }
}

@compute @workgroup_size(THREADS)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = list_of(linear_group(group, groups), thread);
  for (var i = thread; at.live && i < PLACES * params.width; i += THREADS) {
    y[at.first + i] = filtered(at, i, -1.0).x;
  }
}

@compute @workgroup_size(64)
fn partial(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let columns = params.lists * params.width;
  let slice = i / columns;
  if (slice >= params.slices) { return; }
  let list = i % columns / params.width;
  let n = i % params.width;
  var of_x = 0.0;
  var of_z = 0.0;
  for (var b = slice * params.slice; b < min((slice + 1u) * params.slice, params.batch); b++) {
    let first = (b * params.lists + list) * PLACES * params.width + n;
    for (var t = 0u; t < lengths[b * params.lists + list]; t++) {
      let at = first + t * params.width;
      of_x += dy[at] * x[at];
      of_z += dy[at] * turned[at];
    }
  }
  let to = (slice * params.lists + list) * 2u * params.width + n;
  y[to] = of_x;
  y[to + params.width] = of_z;
}

@compute @workgroup_size(64)
fn merge(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let numbers = 2u * params.lists * params.width;
  if (i >= numbers) { return; }
  var sum = 0.0;
  for (var slice = 0u; slice < params.slices; slice++) { sum += x[slice * numbers + i]; }
  y[i] = sum;
}
