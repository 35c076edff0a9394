// Products over the field axis by register tiles, for GPUs.
//   product   z[b, h, d] = relu(bias[h] + sum_k w[k, h] p[b, k, d]); where p is x it takes x for one row [I, D]
//   gradient  parts[s, k, h] = sum p[b, k, d] dz[b, h, d]  over the columns (b, d) of split s
// p[b, k, d] is x[b, i, d] with k = i, or where PAIRS x[b, i, d] y[b, j, d] with k = i J + j, or where FOLDED the pairs
// i <= j only, in order. p is never in memory. Where SHIFTED it is a convolution: x [B, I, N, D] has N rows, z [B, H, M, D]
// has M, and p[b, i J + j, (m, d)] is x[b, i, m + j - before, d], 0 past the ends.
// Shapes: x [B, I, D], y [B, J, D], z, dz [B, H, D], D by fours; w [K, 4 ceil(H / 4)]; parts [S, K, H]; f32.
// Grid: one thread per tile; product: 8 rows of z by 2 fours; gradient: 2 x 2 terms by 8 rows of dz. Columns past the end
// repeat the last ones. No workgroup memory, no atomics, every sum in a fixed order: bit-reproducible.
struct Params {
  columns: u32,  // fours of (b, d)
  lanes: u32,    // fours of d, or of (m, d)
  in_lanes: u32, // the same of x: fours of (n, d) where SHIFTED
  left: u32,     // I
  right: u32,    // J
  outs: u32,     // H
  terms: u32,    // K
  slice: u32,    // columns in a split
  tiles: u32,    // tiles of terms
  step: u32,     // fours of d, and
  before: u32,   // rows of zeros in front of x where SHIFTED
  first: u32,    // columns before the first one, in what is written
}
override PAIRS: bool = true;
override FOLDED: bool = false;
override SHIFTED: bool = false;
override BIAS: bool = false;
override RELU: bool = false;
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> y: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> z: array<vec4f>;
@group(0) @binding(5) var<storage, read> dz: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> parts: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

const WORKGROUP: u32 = 32u;
const OUTS: u32 = 8u;     // rows of z or dz in a tile
const COLUMNS: u32 = 2u;  // fours of a row of z in a tile
const EDGE: u32 = 2u;     // rows, and columns, of terms in a tile

// Place of the row 0 of a column in a tensor of so many rows.
fn place(column: u32, rows: u32) -> u32 {
  return column / params.lanes * rows * params.lanes + column % params.lanes;
}

// Place of a column in x, whose row a convolution adds.
fn place_in(column: u32) -> u32 {
  return column / params.lanes * params.left * params.in_lanes +
    select(column % params.lanes, column % params.step, SHIFTED);
}

// Row of x that a column reads first, modulo 2^32.
fn row_of(column: u32) -> u32 {
  return column % params.lanes / params.step - params.before;
}

// A row of x that may be past its ends.
fn shifted(at: u32, row: u32) -> vec4f {
  let inside = row * params.step < params.in_lanes && row < params.in_lanes;
  return select(vec4f(), x[at + select(0u, row * params.step, inside)], inside);
}

fn store(base: u32, h: u32, sum: vec4f) {
  if (h >= params.outs) { return; }
  var result = sum;
  if (BIAS) { result += bias[h]; }
  if (RELU) { result = max(result, vec4f()); }
  z[base + h * params.lanes] = result;
}

// Four rows, or their sums; named, since registers cannot be indexed in a loop.
struct Four {
  a: vec4f,
  b: vec4f,
  c: vec4f,
  d: vec4f,
}

fn add_rows(sums: Four, w: vec4f, p: vec4f) -> Four {
  return Four(
    fma(vec4f(w.x), p, sums.a),
    fma(vec4f(w.y), p, sums.b),
    fma(vec4f(w.z), p, sums.c),
    fma(vec4f(w.w), p, sums.d),
  );
}

// The operand of a term: x is where the column's rows begin, y the same of y, row the first row of a convolution.
fn operand(at: vec3u, r: u32, s: u32) -> vec4f {
  if (SHIFTED) { return shifted(at.x + r * params.in_lanes, at.z + s); }
  if (PAIRS) { return x[at.x + r * params.in_lanes] * y[at.y + s * params.lanes]; }
  return x[at.x + s * params.lanes];
}

fn store_rows(base: u32, h: u32, sums: Four) {
  store(base, h, sums.a);
  store(base, h + 1u, sums.b);
  store(base, h + 2u, sums.c);
  store(base, h + 3u, sums.d);
}

@compute @workgroup_size(WORKGROUP)
fn product(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = linear_group(group, groups) * WORKGROUP + thread;
  let quads = (params.outs + 3u) / 4u;
  let across = (quads + 1u) / 2u;
  let first = i / across * COLUMNS;
  if (first >= params.columns) { return; }
  let h = i % across * 2u;
  let h1 = min(h + 1u, quads - 1u);
  let second = min(first + 1u, params.columns - 1u);
  let at0 = vec3u(place_in(first), place(first, params.right), row_of(first));
  let at1 = vec3u(place_in(second), place(second, params.right), row_of(second));
  var low0 = Four();
  var low1 = Four();
  var high0 = Four();
  var high1 = Four();
  var k = 0u;
  for (var r = 0u; r < params.left; r++) {
    for (var s = select(0u, r, FOLDED); s < params.right; s++) {
      let p0 = operand(at0, r, s);
      let p1 = operand(at1, r, s);
      let low = w[k * quads + h];
      let high = w[k * quads + h1];
      low0 = add_rows(low0, low, p0);
      low1 = add_rows(low1, low, p1);
      high0 = add_rows(high0, high, p0);
      high1 = add_rows(high1, high, p1);
      k++;
    }
  }
  let base0 = place(params.first + first, params.outs);
  let base1 = place(params.first + second, params.outs);
  store_rows(base0, 4u * h, low0);
  store_rows(base1, 4u * h, low1);
  store_rows(base0, 4u * h + 4u, high0);
  store_rows(base1, 4u * h + 4u, high1);
}

// First rows of a tile of pairs; where there are none x is the tile of terms.
fn tile_of(tile: u32) -> vec2u {
  let across = (params.right + EDGE - 1u) / EDGE;
  if (!PAIRS) { return vec2u(tile * EDGE, 0u); }
  if (!FOLDED) { return vec2u(tile / across, tile % across); }
  var row = 0u;
  var rest = tile;
  while (rest >= across - row) {
    rest -= across - row;
    row++;
  }
  return vec2u(row, row + rest);
}

// Number k of a place in a tile, or the number of terms where there is none.
fn term(tile: vec2u, a: u32, b: u32) -> u32 {
  if (!PAIRS) { return min(tile.x + a * EDGE + b, params.terms); }
  let i = tile.x + a;
  let j = tile.y + b;
  if (i >= params.left || j >= params.right || (FOLDED && j < i)) { return params.terms; }
  if (!FOLDED) { return i * params.right + j; }
  return i * params.right - i * (i + 1u) / 2u + j;
}

// Place of a term's first row in x, and the row that a convolution adds.
fn place_of_term(k: u32) -> vec2u {
  if (SHIFTED) { return vec2u(k / params.right * params.in_lanes, k % params.right); }
  return vec2u(k * params.in_lanes, 0u);
}

fn add_dot(a: vec4f, b: vec4f, sum: f32) -> f32 {
  return fma(a.x, b.x, fma(a.y, b.y, fma(a.z, b.z, fma(a.w, b.w, sum))));
}

// Adds the products of an operand and four rows of dz.
fn add_dots(sums: vec4f, p: vec4f, d: Four) -> vec4f {
  return vec4f(
    add_dot(p, d.a, sums.x),
    add_dot(p, d.b, sums.y),
    add_dot(p, d.c, sums.z),
    add_dot(p, d.d, sums.w),
  );
}

fn row_of_dz(out: u32, h: u32) -> vec4f {
  return dz[out + min(h, params.outs - 1u) * params.lanes];
}

fn rows_of_dz(out: u32, h: u32) -> Four {
  return Four(row_of_dz(out, h), row_of_dz(out, h + 1u), row_of_dz(out, h + 2u), row_of_dz(out, h + 3u));
}

// The operand of place (a, b) of a tile in column n, whose rows begin at left in x and right in y.
fn term_operand(tile: vec2u, a: u32, b: u32, n: u32, left: u32, right: u32) -> vec4f {
  if (PAIRS) {
    return x[left + min(tile.x + a, params.left - 1u) * params.in_lanes] *
      y[right + min(tile.y + b, params.right - 1u) * params.lanes];
  }
  let at = place_of_term(min(term(tile, a, b), params.terms - 1u));
  if (SHIFTED) { return shifted(left + at.x, row_of(n) + at.y); }
  return x[left + at.x];
}

fn keep(at: u32, h: u32, sum: f32) {
  if (h < params.outs) { parts[at + h] = sum; }
}

fn keep_term(base: u32, k: u32, h: u32, low: vec4f, high: vec4f) {
  if (k >= params.terms) { return; }
  let at = base + k * params.outs;
  keep(at, h, low.x);
  keep(at, h + 1u, low.y);
  keep(at, h + 2u, low.z);
  keep(at, h + 3u, low.w);
  keep(at, h + 4u, high.x);
  keep(at, h + 5u, high.y);
  keep(at, h + 6u, high.z);
  keep(at, h + 7u, high.w);
}

@compute @workgroup_size(WORKGROUP)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = linear_group(group, groups) * WORKGROUP + thread;
  let across = (params.outs + OUTS - 1u) / OUTS;
  let split = i / (across * params.tiles);
  let number = i / across % params.tiles;
  let h = i % across * OUTS;
  let first = split * params.slice;
  if (first >= params.columns) { return; }
  let tile = EDGE * tile_of(number);
  var low00 = vec4f();
  var low01 = vec4f();
  var low10 = vec4f();
  var low11 = vec4f();
  var high00 = vec4f();
  var high01 = vec4f();
  var high10 = vec4f();
  var high11 = vec4f();
  let end = min(first + params.slice, params.columns);
  for (var n = first; n < end; n++) {
    let left = place_in(n);
    let right = place(n, params.right);
    let out = place(n, params.outs);
    let low = rows_of_dz(out, h);
    let high = rows_of_dz(out, h + 4u);
    let p00 = term_operand(tile, 0u, 0u, n, left, right);
    let p01 = term_operand(tile, 0u, 1u, n, left, right);
    let p10 = term_operand(tile, 1u, 0u, n, left, right);
    let p11 = term_operand(tile, 1u, 1u, n, left, right);
    low00 = add_dots(low00, p00, low);
    low01 = add_dots(low01, p01, low);
    low10 = add_dots(low10, p10, low);
    low11 = add_dots(low11, p11, low);
    high00 = add_dots(high00, p00, high);
    high01 = add_dots(high01, p01, high);
    high10 = add_dots(high10, p10, high);
    high11 = add_dots(high11, p11, high);
  }
  let base = (params.first / params.slice + split) * params.terms * params.outs;
  keep_term(base, term(tile, 0u, 0u), h, low00, high00);
  keep_term(base, term(tile, 0u, 1u), h, low01, high01);
  keep_term(base, term(tile, 1u, 0u), h, low10, high10);
  keep_term(base, term(tile, 1u, 1u), h, low11, high11);
}
