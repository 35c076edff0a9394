// Products of groups of columns with a matrix each, where all widths divide by four.
//   product    y[b, g, j] = sum_i x[b, g, i] w[g, i, j]
//   slices     partial[s, g, i, j] = sum_{b in s} x[b, g, i] dy[b, g, j]
//   transpose_matrices  y[g, j, i] = w[g, i, j]
// Shapes: x [B, G I]; y, dy [B, G J]; w [G, I, J]; all in fours; f32.
// Grid: one invocation per ROWS rows and two fours of y (product), per slice, two fours of I and two of J (slices), or
// per four by four numbers (transpose_matrices). Registers only, sums in a fixed order: bit-reproducible. Padded rows
// have dy = 0.
struct Params { batch: u32, groups: u32, inner: u32, outer: u32, slice: u32, slices: u32 }  // inner, outer: fours
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

const ROWS: u32 = 8u;

// Four rows of w at one column of fours; times four numbers of x it is their share of four sums.
fn block(at: u32) -> mat4x4f {
  return mat4x4f(w[at], w[at + params.outer], w[at + 2u * params.outer], w[at + 3u * params.outer]);
}

@compute @workgroup_size(64)
fn product(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let id = linear_group(group, groups) * 64u + lane;
  let pairs = (params.outer + 1u) / 2u;
  let across = params.groups * pairs;
  let first = id / across * ROWS;
  if (first >= params.batch) { return; }
  let g = id % across / pairs;
  let j = id % pairs * 2u;
  let next = min(j + 1u, params.outer - 1u);
  let last = vec4u(params.batch - 1u);
  let near = min(first + vec4u(0u, 1u, 2u, 3u), last);
  let far = min(first + vec4u(4u, 5u, 6u, 7u), last);
  let from_near = (near * params.groups + g) * params.inner;
  let from_far = (far * params.groups + g) * params.inner;
  var a0 = vec4f();
  var a1 = vec4f();
  var a2 = vec4f();
  var a3 = vec4f();
  var a4 = vec4f();
  var a5 = vec4f();
  var a6 = vec4f();
  var a7 = vec4f();
  var b0 = vec4f();
  var b1 = vec4f();
  var b2 = vec4f();
  var b3 = vec4f();
  var b4 = vec4f();
  var b5 = vec4f();
  var b6 = vec4f();
  var b7 = vec4f();
  for (var i = 0u; i < params.inner; i++) {
    let at = (g * params.inner + i) * 4u * params.outer;
    let left = block(at + j);
    let right = block(at + next);
    let x0 = x[from_near.x + i];
    let x1 = x[from_near.y + i];
    let x2 = x[from_near.z + i];
    let x3 = x[from_near.w + i];
    let x4 = x[from_far.x + i];
    let x5 = x[from_far.y + i];
    let x6 = x[from_far.z + i];
    let x7 = x[from_far.w + i];
    a0 += left * x0;
    a1 += left * x1;
    a2 += left * x2;
    a3 += left * x3;
    a4 += left * x4;
    a5 += left * x5;
    a6 += left * x6;
    a7 += left * x7;
    b0 += right * x0;
    b1 += right * x1;
    b2 += right * x2;
    b3 += right * x3;
    b4 += right * x4;
    b5 += right * x5;
    b6 += right * x6;
    b7 += right * x7;
  }
  let to_near = (near * params.groups + g) * params.outer;
  let to_far = (far * params.groups + g) * params.outer;
  save(to_near.x, j, next, a0, b0);
  save(to_near.y, j, next, a1, b1);
  save(to_near.z, j, next, a2, b2);
  save(to_near.w, j, next, a3, b3);
  save(to_far.x, j, next, a4, b4);
  save(to_far.y, j, next, a5, b5);
  save(to_far.z, j, next, a6, b6);
  save(to_far.w, j, next, a7, b7);
}

fn save(at: u32, j: u32, next: u32, a: vec4f, b: vec4f) {
  y[at + j] = a;
  y[at + next] = b;
}

@compute @workgroup_size(64)
fn slices(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let id = linear_group(group, groups) * 64u + lane;
  let across = (params.outer + 1u) / 2u;
  let down = (params.inner + 1u) / 2u;
  let slice = id / (params.groups * down * across);
  if (slice >= params.slices) { return; }
  let j = id % across * 2u;
  let next = min(j + 1u, params.outer - 1u);
  let i = id / across % down * 2u;
  let below = min(i + 1u, params.inner - 1u);
  let g = id / (across * down) % params.groups;
  var a0 = vec4f();
  var a1 = vec4f();
  var a2 = vec4f();
  var a3 = vec4f();
  var a4 = vec4f();
  var a5 = vec4f();
  var a6 = vec4f();
  var a7 = vec4f();
  var b0 = vec4f();
  var b1 = vec4f();
  var b2 = vec4f();
  var b3 = vec4f();
  var b4 = vec4f();
  var b5 = vec4f();
  var b6 = vec4f();
  var b7 = vec4f();
  let end = min((slice + 1u) * params.slice, params.batch);
  for (var row = slice * params.slice; row < end; row++) {
    let at = row * params.groups + g;
    let above = x[at * params.inner + i];
    let under = x[at * params.inner + below];
    let left = dy[at * params.outer + j];
    let right = dy[at * params.outer + next];
    a0 += above.x * left;
    a1 += above.y * left;
    a2 += above.z * left;
    a3 += above.w * left;
    a4 += under.x * left;
    a5 += under.y * left;
    a6 += under.z * left;
    a7 += under.w * left;
    b0 += above.x * right;
    b1 += above.y * right;
    b2 += above.z * right;
    b3 += above.w * right;
    b4 += under.x * right;
    b5 += under.y * right;
    b6 += under.z * right;
    b7 += under.w * right;
  }
  let out = (slice * params.groups + g) * params.inner;
  let top = (out + i) * 4u * params.outer;
  let bottom = (out + below) * 4u * params.outer;
  save(top, j, next, a0, b0);
  save(top + params.outer, j, next, a1, b1);
  save(top + 2u * params.outer, j, next, a2, b2);
  save(top + 3u * params.outer, j, next, a3, b3);
  save(bottom, j, next, a4, b4);
  save(bottom + params.outer, j, next, a5, b5);
  save(bottom + 2u * params.outer, j, next, a6, b6);
  save(bottom + 3u * params.outer, j, next, a7, b7);
}

@compute @workgroup_size(64)
fn transpose_matrices(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let id = linear_group(group, groups) * 64u + lane;
  let g = id / (params.inner * params.outer);
  if (g >= params.groups) { return; }
  let i = id / params.outer % params.inner;
  let j = id % params.outer;
  let turned = transpose(block((g * params.inner + i) * 4u * params.outer + j));
  let to = (g * params.outer + j) * 4u * params.inner + i;
  y[to] = turned[0];
  y[to + params.inner] = turned[1];
  y[to + 2u * params.inner] = turned[2];
  y[to + 3u * params.inner] = turned[3];
}
