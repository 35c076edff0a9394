// Products of powers of fields by register tiles, for GPUs: p[b, d, n] = exp(sum_f x[b, d, f] w[f, n]).
//   moments  partial[s, n] = (mean, sum of squares about it) of p over slice s of the valid rows and all d
//   form     r[b, d, n] = (p - mean[n]) scale[n] + shift[n] for a window of neurons
// Shapes: x [B, D, F], w [F, N], F and N by fours; table [7, N] with rows mean, scale and shift first; partial
// [S, neurons, 2]; r [B, D, window]; f32.
// Grid: one thread per tile of DIMS numbers d by QUADS fours of neurons; moments: of a slice, form: of a row. p is never in
// memory: forming it again costs no more than reading it. No atomics, fixed order: bit-reproducible.
struct Params {
  batch: u32,
  dim: u32,      // D
  fields: u32,   // fours of F
  quads: u32,    // fours of N
  neurons: u32,
  first: u32,    // first four of the window
  window: u32,   // fours of the window
  slice: u32,    // rows in a slice
}
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> table: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> r: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> partial: array<vec2f>;
@group(0) @binding(5) var<uniform> params: Params;

fn rows_of(slice: u32) -> u32 {
  let rows = min(step.rows, params.batch);
  return min(params.slice, rows - min(rows, slice * params.slice));
}

fn keep(slice: u32, quad: u32, mean: vec4f, squares: vec4f) {
  let at = slice * params.neurons + 4u * quad;
  let rest = params.neurons - min(params.neurons, 4u * quad);
  if (rest > 0u) { partial[at] = vec2f(mean.x, squares.x); }
  if (rest > 1u) { partial[at + 1u] = vec2f(mean.y, squares.y); }
  if (rest > 2u) { partial[at + 2u] = vec2f(mean.z, squares.z); }
  if (rest > 3u) { partial[at + 3u] = vec2f(mean.w, squares.w); }
}

const WORKGROUP: u32 = 32u;
const DIMS: u32 = 8u;   // numbers d of a tile
const QUADS: u32 = 1u;  // fours of neurons of a tile

// Sums of logarithms: z[j][d] is that of neurons 4 quads[j] and on, for number c + d of row b.
fn sums(b: u32, c: u32, quads: array<u32, QUADS>) -> array<array<vec4f, DIMS>, QUADS> {
  var columns = quads;
  var z: array<array<vec4f, DIMS>, QUADS>;
  for (var f = 0u; f < params.fields; f++) {
    var factors: array<vec4f, DIMS>;
    for (var d = 0u; d < DIMS; d++) {
      factors[d] = x[(b * params.dim + min(c + d, params.dim - 1u)) * params.fields + f];
    }
    for (var j = 0u; j < QUADS; j++) {
      let w0 = w[4u * f * params.quads + columns[j]];
      let w1 = w[(4u * f + 1u) * params.quads + columns[j]];
      let w2 = w[(4u * f + 2u) * params.quads + columns[j]];
      let w3 = w[(4u * f + 3u) * params.quads + columns[j]];
      for (var d = 0u; d < DIMS; d++) {
        let a = factors[d];
        z[j][d] += vec4f(a.x) * w0 + vec4f(a.y) * w1 + vec4f(a.z) * w2 + vec4f(a.w) * w3;
      }
    }
  }
  return z;
}

@compute @workgroup_size(WORKGROUP)
fn moments(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = linear_group(group, groups) * WORKGROUP + thread;
  let across = (params.quads + QUADS - 1u) / QUADS;
  let slice = i / across;
  if (slice * params.slice >= params.batch) { return; }
  let quad = i % across * QUADS;
  var quads: array<u32, QUADS>;
  for (var j = 0u; j < QUADS; j++) { quads[j] = min(quad + j, params.quads - 1u); }
  // Sums are of distances to the first products, so that squares do not cancel.
  var origin: array<vec4f, QUADS>;
  var sum: array<vec4f, QUADS>;
  var squares: array<vec4f, QUADS>;
  let count = rows_of(slice);
  for (var row = 0u; row < count; row++) {
    let b = slice * params.slice + row;
    for (var c = 0u; c < params.dim; c += DIMS) {
      var z = sums(b, c, quads);
      for (var j = 0u; j < QUADS; j++) {
        for (var d = 0u; d < DIMS; d++) { z[j][d] = exp(z[j][d]); }
        if (row + c == 0u) {
          var total = z[j][0];
          for (var d = 1u; d < DIMS; d++) { total += z[j][d]; }
          origin[j] = total / f32(DIMS);
        }
        for (var d = 0u; d < DIMS; d++) {
          let distance = select(vec4f(), z[j][d] - origin[j], c + d < params.dim);
          sum[j] += distance;
          squares[j] += distance * distance;
        }
      }
    }
  }
  let numbers = f32(max(count * params.dim, 1u));
  for (var j = 0u; j < QUADS; j++) {
    let mean = sum[j] / numbers;
    let rest = max(squares[j] - sum[j] * mean, vec4f());
    if (quad + j < params.quads) { keep(slice, quad + j, origin[j] + mean, rest); }
  }
}

@compute @workgroup_size(WORKGROUP)
fn form(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = linear_group(group, groups) * WORKGROUP + thread;
  let across = (params.window + QUADS - 1u) / QUADS;
  let tiles = (params.dim + DIMS - 1u) / DIMS;
  let b = i / across / tiles;
  if (b >= params.batch) { return; }
  let c = i / across % tiles * DIMS;
  let quad = i % across * QUADS;
  var quads: array<u32, QUADS>;
  for (var j = 0u; j < QUADS; j++) { quads[j] = params.first + min(quad + j, params.window - 1u); }
  var z = sums(b, c, quads);
  for (var j = 0u; j < QUADS; j++) {
    if (quad + j >= params.window) { break; }
    let mean = table[quads[j]];
    let scale = table[params.quads + quads[j]];
    let shift = table[2u * params.quads + quads[j]];
    for (var d = 0u; d < DIMS; d++) {
      if (c + d >= params.dim) { break; }
      r[(b * params.dim + c + d) * params.window + quad + j] = (exp(z[j][d]) - mean) * scale + shift;
    }
  }
}
