// Element products of pairs i < j of fields of two tensors, some pairs at a time, and what a product over them needs.
//   products    r[b, p, :] = u[b, i, :] x[b, j, :], and 0 past the last pair
//   backward    du[b, f, :] += sum_{j>f} dr[b, p, :] x[b, j, :];  dx[b, f, :] += sum_{i<f} dr[b, p, :] u[b, i, :]
//   backward_field  the same, one field of a sample a thread
//   copy        y[to + i] = w[from + i], and 0 from `limit` on
//   accumulate  y[i] += w[i]
// Only pairs from params.first on, params.pairs of them, take part. Shapes: u, x [B, F, D]; r [B, pairs, D]; f32.
// Grid: products one invocation per (b, p, SPAN lanes); backward per (b, SPAN lanes), which owns its lanes of du and dx;
// backward_field per (b, f, lane); the others per lane.
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

// A sample's lanes c to c + SPAN - 1 of du, dx, u, x and dr, as far as they exist.
fn four_du(at: u32, c: u32) -> Four {
  return Four(du[at], du[at + second(c)], du[at + third(c)], du[at + fourth(c)]);
}

fn four_dx(at: u32, c: u32) -> Four {
  return Four(dx[at], dx[at + second(c)], dx[at + third(c)], dx[at + fourth(c)]);
}

fn four_u(at: u32, c: u32) -> Four {
  return Four(u[at], u[at + second(c)], u[at + third(c)], u[at + fourth(c)]);
}

fn four_x(at: u32, c: u32) -> Four {
  return Four(x[at], x[at + second(c)], x[at + third(c)], x[at + fourth(c)]);
}

fn four_dr(at: u32, c: u32) -> Four {
  return Four(dr[at], dr[at + second(c)], dr[at + third(c)], dr[at + fourth(c)]);
}

// Distances of the lanes after lane c; of lane c itself where there are none.
fn second(c: u32) -> u32 {
  return select(0u, 1u, SPAN > 1u && c + 1u < LANES);
}

fn third(c: u32) -> u32 {
  return select(0u, 2u, SPAN > 2u && c + 2u < LANES);
}

fn fourth(c: u32) -> u32 {
  return select(0u, 3u, SPAN > 3u && c + 3u < LANES);
}

fn plus_product(sum: Four, p: Four, q: Four) -> Four {
  return Four(sum.a + p.a * q.a, sum.b + p.b * q.b, sum.c + p.c * q.c, sum.d + p.d * q.d);
}

fn put_du(at: u32, c: u32, value: Four) {
  du[at] = value.a;
  if (SPAN > 1u && c + 1u < LANES) { du[at + 1u] = value.b; }
  if (SPAN > 2u && c + 2u < LANES) { du[at + 2u] = value.c; }
  if (SPAN > 3u && c + 3u < LANES) { du[at + 3u] = value.d; }
}

fn put_dx(at: u32, c: u32, value: Four) {
  dx[at] = value.a;
  if (SPAN > 1u && c + 1u < LANES) { dx[at + 1u] = value.b; }
  if (SPAN > 2u && c + 2u < LANES) { dx[at + 2u] = value.c; }
  if (SPAN > 3u && c + 3u < LANES) { dx[at + 3u] = value.d; }
}

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let parts = (LANES + SPAN - 1u) / SPAN;
  let t = linear_group(group, groups) * 64u + lane;
  let b = t / parts;
  if (b >= params.batch) { return; }
  let c = t % parts * SPAN;
  let base = b * params.fields * LANES + c;
  if (params.accumulates == 0u) {
    for (var f = 0u; f < params.fields; f++) {
      put_du(base + f * LANES, c, Four());
      put_dx(base + f * LANES, c, Four());
    }
  }
  var pair = fields_of(params.first);
  var left = four_u(base + pair.x * LANES, c);
  var sum = four_du(base + pair.x * LANES, c);
  let count = min(params.pairs, pair_count() - params.first);
  for (var p = 0u; p < count; p++) {
    let upstream = four_dr((b * params.pairs + p) * LANES + c, c);
    let right = base + pair.y * LANES;
    sum = plus_product(sum, upstream, four_x(right, c));
    put_dx(right, c, plus_product(four_dx(right, c), upstream, left));
    pair.y++;
    if (pair.y == params.fields && p + 1u < count) {
      put_du(base + pair.x * LANES, c, sum);
      pair = vec2u(pair.x + 1u, pair.x + 2u);
      left = four_u(base + pair.x * LANES, c);
      sum = four_du(base + pair.x * LANES, c);
    }
  }
  put_du(base + pair.x * LANES, c, sum);
}

// The gradients of one field's lane, for GPUs: each thread reads what it needs of dr, which is read twice by all together.
@compute @workgroup_size(64)
fn backward_field(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  let row = t / LANES;
  let b = row / params.fields;
  if (b >= params.batch) { return; }
  let c = t % LANES;
  let f = row % params.fields;
  let base = b * params.fields * LANES + c;
  let upstream = b * params.pairs * LANES + c;
  let end = min(params.first + params.pairs, pair_count());
  var left = Lane();
  for (var j = f + 1u; j < params.fields; j++) {
    let p = pair_of(f, j);
    if (p >= params.first && p < end) { left += dr[upstream + (p - params.first) * LANES] * x[base + j * LANES]; }
  }
  var right = Lane();
  for (var i = 0u; i < f; i++) {
    let p = pair_of(i, f);
    if (p >= params.first && p < end) { right += dr[upstream + (p - params.first) * LANES] * u[base + i * LANES]; }
  }
  if (params.accumulates > 0u) {
    left += du[t];
    right += dx[t];
  }
  du[t] = left;
  dx[t] = right;
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
