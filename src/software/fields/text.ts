/**
 * What all texts of products over the field axis begin with: sizes, bindings, and where rows and terms lie.
 *
 * @module
 */

/** Writes what reads a four of a factor. */
export type Read = (factor: string, at: string) => string;

/** Reads from buffers. */
export function fromBuffer(factor: string, at: string): string {
  return `${factor}[${at}]`;
}

/** Reads from images; then image.wgsl is needed. */
export function fromImage(factor: string, at: string): string {
  return `textureLoad(${factor}, texel(${at}))`;
}

const ABOUT = `// Products over the field axis, one register block per invocation.
//   product   z[b, h, d] = relu(bias[h] + sum_k w[k, h] p[b, k, d]); where p is x it takes x for one row [I, D]
//   inputs    dx[b, i, d] = sum_j v[i, j] y[b, j, d] and dy[b, j, d] = sum_i v[i, j] x[b, i, d] with
//             v[i, j] = sum_h w[i, j, h] dz[b, h, d]; where FOLDED both are added to dx
//   gradient  parts[s, k, h] = sum p[b, k, d] dz[b, h, d]  over the columns (b, d) of slice s
// p[b, k, d] is x[b, i, d] with k = i, or where PAIRS x[b, i, d] y[b, j, d] with k = i J + j, or where FOLDED the pairs
// i <= j only, in order. p is never in memory. Where SHIFTED it is a convolution: x [B, I, N, D] has N rows, z [B, H, M, D]
// has M, and p[b, i J + j, (m, d)] is x[b, i, m + j - before, d], 0 past the ends.
// Shapes: x [B, I, D], y [B, J, D], z, dz [B, H, D], D by fours; w [K, 4 ceil(H / 4)], for
// inputs [tiles of 4 x 4 pairs, H, 4, 4]; parts [S, K, H]; f32.
// Grid: one invocation per block. Columns past the end repeat the last ones. No workgroup memory, no atomics, every sum
// in a fixed order: bit-reproducible.
struct Params {
  columns: u32,  // fours of (b, d)
  lanes: u32,    // fours of d, or of (m, d)
  in_lanes: u32, // the same of x: fours of (n, d) where SHIFTED
  left: u32,     // I
  right: u32,    // J
  outs: u32,     // H
  terms: u32,    // K
  slice: u32,    // columns in a slice
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
`;

const REST = `@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> z: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> parts: array<f32>;
@group(0) @binding(7) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> dy: array<vec4f>;
@group(0) @binding(9) var<uniform> params: Params;

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

fn store(base: u32, h: u32, sum: vec4f) {
  if (h >= params.outs) { return; }
  var result = sum;
  if (BIAS) { result += bias[h]; }
  if (RELU) { result = max(result, vec4f()); }
  z[base + h * params.lanes] = result;
}

// First rows of a tile of pairs; where there are none x is the tile of terms.
fn tile_of(tile: u32, edge: u32) -> vec2u {
  let across = (params.right + edge - 1u) / edge;
  if (!PAIRS) { return vec2u(tile * edge, 0u); }
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
fn term(tile: vec2u, a: u32, b: u32, edge: u32) -> u32 {
  if (!PAIRS) { return min(tile.x + a * edge + b, params.terms); }
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

fn add_left(at: u32, row: u32, sum: vec4f) {
  if (row < params.left) { dx[at] += sum; }
}

fn add_right(at: u32, row: u32, sum: vec4f) {
  if (row >= params.right) { return; }
  if (FOLDED) { dx[at] += sum; } else { dy[at] += sum; }
}

fn add_dot(a: vec4f, b: vec4f, sum: f32) -> f32 {
  return fma(a.x, b.x, fma(a.y, b.y, fma(a.z, b.z, fma(a.w, b.w, sum))));
}

fn keep(at: u32, k: u32, h: u32, sum: f32) {
  if (k < params.terms && h < params.outs) { parts[at + k * params.outs + h] = sum; }
}
`;

const SLOTS = { x: 0, y: 1, w: 2, dz: 5 };

/** Writes the beginning. */
export function fieldHeader(read: Read): string {
  const declared = read === fromImage
    ? (name: string): string => `var ${name}: texture_storage_2d<rgba32float, read>;`
    : (name: string): string => `var<storage, read> ${name}: array<vec4f>;`;
  const factors = Object.entries(SLOTS).map(([name, slot]) => `@group(0) @binding(${slot}) ${declared(name)}\n`);
  const shifted = `fn shifted(at: u32, row: u32) -> vec4f {
  let inside = row * params.step < params.in_lanes && row < params.in_lanes;
  return select(vec4f(), ${read("x", "at + select(0u, row * params.step, inside)")}, inside);
}
`;
  return [ABOUT, ...factors, REST, shifted].join("");
}
