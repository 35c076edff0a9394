// The sum over pairs i < j of fields of e_i W_p e_j^T and its gradient by the fields, for GPUs.
//   forward   part[f, b] = sum over j > f of e[b, f, :] W_p e[b, j, :]^T
//   sums      y[b] = sum_f part[f, b]
//   backward  de[b, f, :] = g[b] (sum over j > f of W_p e[b, j, :] + sum over i < f of e[b, i, :] W_p)
// Shapes: e, de [B, F, D] and W [P, D, D] in lanes of four, D at most 16; part [F - 1, B]; y, g [B]; f32.
// Grid: forward, backward a workgroup per field and 128 samples, with a thread for each lane of two of them; the other
// field's rows are held in workgroup memory. Neighboring threads read the same numbers of W. sums a thread per sample. Fixed
// orders, no atomics. Needs pair_order.wgsl.
const LANES: u32 = 4u;      // lanes of D
const THREADS: u32 = 256u;  // 64 per lane

struct Params { batch: u32, fields: u32 }
@group(0) @binding(0) var<storage, read> e: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read_write> part: array<f32>;
@group(0) @binding(4) var<storage, read_write> de: array<vec4f>;
@group(0) @binding(5) var<storage, read> parts: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

var<workgroup> rows: array<vec4f, 640>;  // of 128 samples, five lanes apart for the banks' sake

// A lane of two samples, 64 apart.
struct Two { a: vec4f, b: vec4f }

fn lane_at(b: u32, f: u32, c: u32) -> u32 {
  return (min(b, params.batch - 1u) * params.fields + f) * LANES + c;
}

// Adds lane l of the right field's rows by rows 4 c to 4 c + 3 of a matrix.
fn times_right(sum: Two, matrix: u32, l: u32, c: u32, slot: u32) -> Two {
  let at = (matrix + 4u * c) * LANES + l;
  let m0 = weight[at];
  let m1 = weight[at + LANES];
  let m2 = weight[at + 2u * LANES];
  let m3 = weight[at + 3u * LANES];
  let x = rows[slot * 5u + l];
  let z = rows[(slot + 64u) * 5u + l];
  return Two(
    sum.a + vec4f(dot(m0, x), dot(m1, x), dot(m2, x), dot(m3, x)),
    sum.b + vec4f(dot(m0, z), dot(m1, z), dot(m2, z), dot(m3, z)),
  );
}

// Adds lane l of the left field's rows by lane c of rows 4 l to 4 l + 3 of a matrix.
fn left_times(sum: Two, matrix: u32, l: u32, c: u32, slot: u32) -> Two {
  let at = (matrix + 4u * l) * LANES + c;
  let m0 = weight[at];
  let m1 = weight[at + LANES];
  let m2 = weight[at + 2u * LANES];
  let m3 = weight[at + 3u * LANES];
  let x = rows[slot * 5u + l];
  let z = rows[(slot + 64u) * 5u + l];
  return Two(
    sum.a + (x.x * m0 + x.y * m1 + x.z * m2 + x.w * m3),
    sum.b + (z.x * m0 + z.y * m1 + z.z * m2 + z.w * m3),
  );
}

// Holds the rows of a field of 128 samples.
fn hold(first: u32, f: u32, thread: u32) {
  let next = thread + THREADS;
  let x = e[lane_at(first + thread / LANES, f, thread % LANES)];
  let z = e[lane_at(first + next / LANES, f, next % LANES)];
  workgroupBarrier();
  rows[thread / LANES * 5u + thread % LANES] = x;
  rows[next / LANES * 5u + next % LANES] = z;
  workgroupBarrier();
}

// The sums over the fields behind field f.
fn right_sums(start: Two, first: u32, f: u32, c: u32, slot: u32, thread: u32) -> Two {
  var sum = start;
  for (var other = f + 1u; other < params.fields; other++) {
    hold(first, other, thread);
    let matrix = pair_of(f, other) * 4u * LANES;
    sum = times_right(sum, matrix, 0u, c, slot);
    if (LANES > 1u) { sum = times_right(sum, matrix, 1u, c, slot); }
    if (LANES > 2u) { sum = times_right(sum, matrix, 2u, c, slot); }
    if (LANES > 3u) { sum = times_right(sum, matrix, 3u, c, slot); }
  }
  return sum;
}

fn left_sums(first: u32, f: u32, c: u32, slot: u32, thread: u32) -> Two {
  var sum = Two();
  for (var other = 0u; other < f; other++) {
    hold(first, other, thread);
    let matrix = pair_of(other, f) * 4u * LANES;
    sum = left_times(sum, matrix, 0u, c, slot);
    if (LANES > 1u) { sum = left_times(sum, matrix, 1u, c, slot); }
    if (LANES > 2u) { sum = left_times(sum, matrix, 2u, c, slot); }
    if (LANES > 3u) { sum = left_times(sum, matrix, 3u, c, slot); }
  }
  return sum;
}

@compute @workgroup_size(THREADS)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let tiles = (params.batch + 127u) / 128u;
  let at = linear_group(group, groups);
  let f = at / tiles;
  if (f + 1u >= params.fields) { return; }
  let first = at % tiles * 128u;
  let c = thread / 64u;
  let slot = thread % 64u;
  let sum = right_sums(Two(), first, f, c, slot, thread);
  let x = dot(sum.a, e[lane_at(first + slot, f, c)]);
  let z = dot(sum.b, e[lane_at(first + slot + 64u, f, c)]);
  workgroupBarrier();
  rows[thread] = vec4f(x, z, 0.0, 0.0);
  workgroupBarrier();
  if (thread >= 64u) { return; }
  var both = rows[thread];
  if (LANES > 1u) { both += rows[thread + 64u]; }
  if (LANES > 2u) { both += rows[thread + 128u]; }
  if (LANES > 3u) { both += rows[thread + 192u]; }
  let b = first + thread;
  if (b < params.batch) { part[f * params.batch + b] = both.x; }
  if (b + 64u < params.batch) { part[f * params.batch + b + 64u] = both.y; }
}

@compute @workgroup_size(THREADS)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let tiles = (params.batch + 127u) / 128u;
  let at = linear_group(group, groups);
  let f = at / tiles;
  if (f >= params.fields) { return; }
  let first = at % tiles * 128u;
  let c = thread / 64u;
  let slot = thread % 64u;
  let sum = right_sums(left_sums(first, f, c, slot, thread), first, f, c, slot, thread);
  let b = first + slot;
  if (b < params.batch) { de[lane_at(b, f, c)] = g[b] * sum.a; }
  if (b + 64u < params.batch) { de[lane_at(b + 64u, f, c)] = g[b + 64u] * sum.b; }
}

fn part_at(f: u32, b: u32) -> f32 {
  let last = params.fields - 2u;
  return select(0.0, parts[min(f, last) * params.batch + b], f <= last);
}

@compute @workgroup_size(64)
fn sums(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b >= params.batch) { return; }
  var sum = 0.0;
  for (var f = 0u; f + 1u < params.fields; f += 4u) {
    sum += (part_at(f, b) + part_at(f + 1u, b)) + (part_at(f + 2u, b) + part_at(f + 3u, b));
  }
  y[b] = sum;
}
