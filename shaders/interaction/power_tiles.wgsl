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
const DIMS: u32 = 4u;   // numbers d of a tile
const QUADS: u32 = 2u;  // fours of neurons of a tile

// Numbers d of four neurons; named, since registers cannot be indexed in a loop.
struct Four {
  a: vec4f,
  b: vec4f,
  c: vec4f,
  d: vec4f,
}

// Products of the two fours of neurons of a tile.
struct Tile {
  low: Four,
  high: Four,
}

// Fours of four factors, or of weights of four fields.
fn factors_of(b: u32, c: u32, f: u32) -> Four {
  let last = params.dim - 1u;
  let row = b * params.dim;
  return Four(
    x[(row + min(c, last)) * params.fields + f],
    x[(row + min(c + 1u, last)) * params.fields + f],
    x[(row + min(c + 2u, last)) * params.fields + f],
    x[(row + min(c + 3u, last)) * params.fields + f],
  );
}

fn weights_of(f: u32, quad: u32) -> Four {
  let at = 4u * f * params.quads + quad;
  return Four(w[at], w[at + params.quads], w[at + 2u * params.quads], w[at + 3u * params.quads]);
}

fn add_fields(sum: vec4f, factors: vec4f, weights: Four) -> vec4f {
  return sum + (vec4f(factors.x) * weights.a + vec4f(factors.y) * weights.b + vec4f(factors.z) * weights.c +
    vec4f(factors.w) * weights.d);
}

fn add_quad(sums: Four, factors: Four, weights: Four) -> Four {
  return Four(
    add_fields(sums.a, factors.a, weights),
    add_fields(sums.b, factors.b, weights),
    add_fields(sums.c, factors.c, weights),
    add_fields(sums.d, factors.d, weights),
  );
}

fn powers(z: Four) -> Four {
  return Four(exp(z.a), exp(z.b), exp(z.c), exp(z.d));
}

// Products of the numbers d from c on of row b for two fours of neurons.
fn products(b: u32, c: u32, low: u32, high: u32) -> Tile {
  var sums = Tile();
  for (var f = 0u; f < params.fields; f++) {
    let factors = factors_of(b, c, f);
    sums.low = add_quad(sums.low, factors, weights_of(f, low));
    sums.high = add_quad(sums.high, factors, weights_of(f, high));
  }
  return Tile(powers(sums.low), powers(sums.high));
}

// Sums of distances to the first products, so that squares do not cancel.
struct Moments {
  origin: vec4f,
  sum: vec4f,
  squares: vec4f,
}

fn add_moment(moments: Moments, p: vec4f, inside: bool) -> Moments {
  let distance = select(vec4f(), p - moments.origin, inside);
  return Moments(moments.origin, moments.sum + distance, moments.squares + distance * distance);
}

fn add_moments(before: Moments, p: Four, c: u32, starts: bool) -> Moments {
  var moments = before;
  if (starts) { moments.origin = (p.a + p.b + p.c + p.d) / 4.0; }
  moments = add_moment(moments, p.a, true);
  moments = add_moment(moments, p.b, c + 1u < params.dim);
  moments = add_moment(moments, p.c, c + 2u < params.dim);
  return add_moment(moments, p.d, c + 3u < params.dim);
}

fn keep_moments(slice: u32, quad: u32, moments: Moments, numbers: f32) {
  if (quad >= params.quads) { return; }
  let mean = moments.sum / numbers;
  let rest = max(moments.squares - moments.sum * mean, vec4f());
  keep(slice, quad, moments.origin + mean, rest);
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
  let last = params.quads - 1u;
  var low = Moments();
  var high = Moments();
  let count = rows_of(slice);
  for (var row = 0u; row < count; row++) {
    for (var c = 0u; c < params.dim; c += DIMS) {
      let p = products(slice * params.slice + row, c, quad, min(quad + 1u, last));
      low = add_moments(low, p.low, c, row + c == 0u);
      high = add_moments(high, p.high, c, row + c == 0u);
    }
  }
  let numbers = f32(max(count * params.dim, 1u));
  keep_moments(slice, quad, low, numbers);
  keep_moments(slice, quad + 1u, high, numbers);
}

fn store(b: u32, c: u32, quad: u32, p: vec4f) {
  if (c >= params.dim) { return; }
  let at = params.first + quad;
  let mean = table[at];
  let scale = table[params.quads + at];
  let shift = table[2u * params.quads + at];
  r[(b * params.dim + c) * params.window + quad] = (p - mean) * scale + shift;
}

fn store_quad(b: u32, c: u32, quad: u32, p: Four) {
  if (quad >= params.window) { return; }
  store(b, c, quad, p.a);
  store(b, c + 1u, quad, p.b);
  store(b, c + 2u, quad, p.c);
  store(b, c + 3u, quad, p.d);
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
  let p = products(b, c, params.first + quad, params.first + min(quad + 1u, params.window - 1u));
  store_quad(b, c, quad, p.low);
  store_quad(b, c, quad + 1u, p.high);
}
