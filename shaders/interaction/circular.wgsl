// Circular correlation and convolution of pairs of fields, by direct loops: D is too small for a Fourier transform.
//   products  r[b, p, n] = sum_k e[b, i, k] e[b, j, m(n, k)] for the p-th pair i < j,
//             m = n + k mod D (correlation) or n - k mod D (convolution)
//   gradient  de from dr: each field is the left one of some pairs, the right one of others
//   circulant c[k, m] = w[n(k, m)], n = m - k mod D (correlation) or m + k mod D (convolution), so that
//             sum_n w[n] r[b, p, n] = e[b, i, :] c e[b, j, :]^T
//   weights   dw[n] = sum_k dc[k, m(n, k)]
// Shapes: e, de [B, F, D]; r, dr [B, F (F - 1) / 2, D]; w, dw [D]; c, dc [D, D]; f32.
// Grid: one invocation per number of what is written. Fixed order, no atomics.
const CORRELATES: bool = true;
const DIM: u32 = 4u;  // D

struct Params { batch: u32, fields: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dr: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

// Takes a place below 2 D modulo D.
fn wrapped(place: u32) -> u32 {
  return select(place, place - DIM, place >= DIM);
}

// The place in the right vector that place k of the left one meets in number n of a product.
fn right_of(n: u32, k: u32) -> u32 {
  return wrapped(select(n + DIM - k, n + k, CORRELATES));
}

// The number of a product in which place k of the left vector meets place m of the right one.
fn number_of(k: u32, m: u32) -> u32 {
  return wrapped(select(m + k, m + DIM - k, CORRELATES));
}

@compute @workgroup_size(64)
fn products(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = linear_group(group, groups) * 64u + lane;
  let n = at % DIM;
  let b = at / DIM / pair_count();
  if (b >= params.batch) { return; }
  let pair = fields_of(at / DIM % pair_count());
  let left = (b * params.fields + pair.x) * DIM;
  let right = (b * params.fields + pair.y) * DIM;
  var sum = 0.0;
  for (var k = 0u; k < DIM; k++) { sum += x[left + k] * x[right + right_of(n, k)]; }
  y[at] = sum;
}

@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = linear_group(group, groups) * 64u + lane;
  let place = at % DIM;
  let field = at / DIM % params.fields;
  let b = at / DIM / params.fields;
  if (b >= params.batch) { return; }
  var sum = 0.0;
  for (var other = 0u; other < params.fields; other++) {
    if (other == field) { continue; }
    let pair = pair_of(min(field, other), max(field, other));
    let upstream = (b * pair_count() + pair) * DIM;
    let vector = (b * params.fields + other) * DIM;
    for (var i = 0u; i < DIM; i++) {
      let number = select(number_of(i, place), number_of(place, i), field < other);
      sum += dr[upstream + number] * x[vector + i];
    }
  }
  y[at] = sum;
}

@compute @workgroup_size(64)
fn circulant(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = linear_group(group, groups) * 64u + lane;
  if (at >= DIM * DIM) { return; }
  y[at] = x[number_of(at / DIM, at % DIM)];
}

@compute @workgroup_size(64)
fn weights(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let n = linear_group(group, groups) * 64u + lane;
  if (n >= DIM) { return; }
  var sum = 0.0;
  for (var k = 0u; k < DIM; k++) { sum += dr[k * DIM + right_of(n, k)]; }
  y[n] = sum;
}
