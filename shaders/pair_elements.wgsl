// Element products of pairs i < j of fields of two tensors, some pairs at a time, and rows of matrices apart.
//   products  r[b, p, :] = u[b, i, :] x[b, j, :]
//   backward  du[b, f, :] = sum_{j>f} dr[b, p, :] x[b, j, :];  dx[b, f, :] = sum_{i<f} dr[b, p, :] u[b, i, :]
//   copy      y[to + i] = w[from_lane + i]
// Only pairs from params.first on, params.pairs of them, take part. Shapes: u, x [B, F, D]; r [B, pairs, D]; f32.
// Grid: products one invocation per (b, p, SPAN lanes); backward per (b, f, SPAN lanes); copy per lane.
// Memory: products 4 bytes written per number, u and x from cache. Fixed order, no atomics. Needs pair_order.wgsl.
const LANES: u32 = 4u;  // lanes of D
const SPAN: u32 = 4u;   // lanes that one invocation computes, at most 4

struct Params {
  batch: u32, fields: u32, first: u32, pairs: u32,
  accumulates: u32,                             // whether backward adds to what is there
  from_lane: u32, to: u32, size: u32, limit: u32,  // of copies
}
@group(0) @binding(0) var<storage, read> u: array<Lane>;
@group(0) @binding(1) var<storage, read> x: array<Lane>;
@group(0) @binding(2) var<storage, read_write> r: array<Lane>;
@group(0) @binding(3) var<storage, read> dr: array<Lane>;
@group(0) @binding(4) var<storage, read_write> du: array<Lane>;
@group(0) @binding(5) var<storage, read_write> dx: array<Lane>;
@group(0) @binding(6) var<storage, read> w: array<Lane>;
@group(0) @binding(7) var<storage, read_write> y: array<Lane>;
@group(0) @binding(8) var<uniform> params: Params;

@compute @workgroup_size(64)
fn products(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let parts = (LANES + SPAN - 1u) / SPAN;
  let t = linear_group(group, groups) * 64u + lane;
  let row = t / parts;
  if (row >= params.batch * params.pairs) { return; }
  let b = row / params.pairs;
  let c = t % parts * SPAN;
  let number = params.first + row % params.pairs;
  if (number >= pair_count()) {
    for (var d = c; d < min(c + SPAN, LANES); d++) { r[row * LANES + d] = Lane(); }
    return;
  }
  let pair = fields_of(number);
  let left = (b * params.fields + pair.x) * LANES + c;
  let right = (b * params.fields + pair.y) * LANES + c;
  let at = row * LANES + c;
  r[at] = u[left] * x[right];
  if (SPAN > 1u && c + 1u < LANES) { r[at + 1u] = u[left + 1u] * x[right + 1u]; }
  if (SPAN > 2u && c + 2u < LANES) { r[at + 2u] = u[left + 2u] * x[right + 2u]; }
  if (SPAN > 3u && c + 3u < LANES) { r[at + 3u] = u[left + 3u] * x[right + 3u]; }
}

struct Four { a: Lane, b: Lane, c: Lane, d: Lane }

// Lanes c to c + 3 of du of field f.
fn sum_left(b: u32, f: u32, c: u32, start: Four) -> Four {
  var sum = start;
  for (var j = f + 1u; j < params.fields; j++) {
    let p = pair_of(f, j);
    if (p < params.first || p - params.first >= params.pairs) { continue; }
    let at = (b * params.pairs + p - params.first) * LANES + c;
    let other = (b * params.fields + j) * LANES + c;
    sum.a += dr[at] * x[other];
    if (SPAN > 1u && c + 1u < LANES) { sum.b += dr[at + 1u] * x[other + 1u]; }
    if (SPAN > 2u && c + 2u < LANES) { sum.c += dr[at + 2u] * x[other + 2u]; }
    if (SPAN > 3u && c + 3u < LANES) { sum.d += dr[at + 3u] * x[other + 3u]; }
  }
  return sum;
}

// Lanes c to c + 3 of dx of field f.
fn sum_right(b: u32, f: u32, c: u32, start: Four) -> Four {
  var sum = start;
  for (var i = 0u; i < f; i++) {
    let p = pair_of(i, f);
    if (p < params.first || p - params.first >= params.pairs) { continue; }
    let at = (b * params.pairs + p - params.first) * LANES + c;
    let other = (b * params.fields + i) * LANES + c;
    sum.a += dr[at] * u[other];
    if (SPAN > 1u && c + 1u < LANES) { sum.b += dr[at + 1u] * u[other + 1u]; }
    if (SPAN > 2u && c + 2u < LANES) { sum.c += dr[at + 2u] * u[other + 2u]; }
    if (SPAN > 3u && c + 3u < LANES) { sum.d += dr[at + 3u] * u[other + 3u]; }
  }
  return sum;
}

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let parts = (LANES + SPAN - 1u) / SPAN;
  let t = linear_group(group, groups) * 64u + lane;
  let row = t / parts;
  if (row >= params.batch * params.fields) { return; }
  let b = row / params.fields;
  let f = row % params.fields;
  let c = t % parts * SPAN;
  let at = row * LANES + c;
  var left = Four();
  var right = Four();
  if (params.accumulates != 0u) {
    left.a = du[at];
    right.a = dx[at];
    if (SPAN > 1u && c + 1u < LANES) {
      left.b = du[at + 1u];
      right.b = dx[at + 1u];
    }
    if (SPAN > 2u && c + 2u < LANES) {
      left.c = du[at + 2u];
      right.c = dx[at + 2u];
    }
    if (SPAN > 3u && c + 3u < LANES) {
      left.d = du[at + 3u];
      right.d = dx[at + 3u];
    }
  }
  left = sum_left(b, f, c, left);
  right = sum_right(b, f, c, right);
  du[at] = left.a;
  dx[at] = right.a;
  if (SPAN > 1u && c + 1u < LANES) {
    du[at + 1u] = left.b;
    dx[at + 1u] = right.b;
  }
  if (SPAN > 2u && c + 2u < LANES) {
    du[at + 2u] = left.c;
    dx[at + 2u] = right.c;
  }
  if (SPAN > 3u && c + 3u < LANES) {
    du[at + 3u] = left.d;
    dx[at + 3u] = right.d;
  }
}

@compute @workgroup_size(64)
fn copy(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.size) { return; }
  var value = Lane();
  if (i < params.limit) { value = w[params.from_lane + i]; }
  y[params.to + i] = value;
}

@compute @workgroup_size(64)
fn accumulate(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i < params.size) { y[i] += w[i]; }
}
