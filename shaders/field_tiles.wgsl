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
  var from_x: array<u32, COLUMNS>;
  var from_y: array<u32, COLUMNS>;
  var row: array<u32, COLUMNS>;
  var sums: array<array<vec4f, OUTS>, COLUMNS>;
  for (var c = 0u; c < COLUMNS; c++) {
    let column = min(first + c, params.columns - 1u);
    from_x[c] = place_in(column);
    from_y[c] = place(column, params.right);
    row[c] = row_of(column);
  }
  var k = 0u;
  for (var r = 0u; r < params.left; r++) {
    for (var s = select(0u, r, FOLDED); s < params.right; s++) {
      let low = w[k * quads + h];
      let high = w[k * quads + h1];
      for (var c = 0u; c < COLUMNS; c++) {
        var p: vec4f;
        if (SHIFTED) {
          p = shifted(from_x[c] + r * params.in_lanes, row[c] + s);
        } else if (PAIRS) {
          p = x[from_x[c] + r * params.in_lanes] * y[from_y[c] + s * params.lanes];
        } else {
          p = x[from_x[c] + s * params.lanes];
        }
        for (var o = 0u; o < 4u; o++) {
          sums[c][o] = fma(vec4f(low[o]), p, sums[c][o]);
          sums[c][o + 4u] = fma(vec4f(high[o]), p, sums[c][o + 4u]);
        }
      }
      k++;
    }
  }
  for (var c = 0u; c < COLUMNS; c++) {
    let base = place(params.first + min(first + c, params.columns - 1u), params.outs);
    for (var o = 0u; o < OUTS; o++) { store(base, 4u * h + o, sums[c][o]); }
  }
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
  var sums: array<array<f32, OUTS>, EDGE * EDGE>;
  let end = min(first + params.slice, params.columns);
  for (var n = first; n < end; n++) {
    let left = place_in(n);
    let right = place(n, params.right);
    let out = place(n, params.outs);
    var d: array<vec4f, OUTS>;
    for (var o = 0u; o < OUTS; o++) { d[o] = dz[out + min(h + o, params.outs - 1u) * params.lanes]; }
    for (var t = 0u; t < EDGE * EDGE; t++) {
      let a = t / EDGE;
      let b = t % EDGE;
      let at = place_of_term(min(term(tile, a, b), params.terms - 1u));
      var p: vec4f;
      if (PAIRS) {
        p = x[left + min(tile.x + a, params.left - 1u) * params.in_lanes] *
          y[right + min(tile.y + b, params.right - 1u) * params.lanes];
      } else if (SHIFTED) {
        p = shifted(left + at.x, row_of(n) + at.y);
      } else {
        p = x[left + at.x];
      }
      for (var o = 0u; o < OUTS; o++) { sums[t][o] = add_dot(p, d[o], sums[t][o]); }
    }
  }
  let base = (params.first / params.slice + split) * params.terms * params.outs;
  for (var t = 0u; t < EDGE * EDGE; t++) {
    let k = term(tile, t / EDGE, t % EDGE);
    for (var o = 0u; o < OUTS; o++) {
      if (k < params.terms && h + o < params.outs) { parts[base + k * params.outs + h + o] = sums[t][o]; }
    }
  }
}
