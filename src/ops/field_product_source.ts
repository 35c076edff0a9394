/**
 * Text of products over the field axis: register blocks, unrolled, because a loop over a block would have to index
 * private memory. One operand may be the product of two rows of fields, which is formed when it is loaded.
 *
 * @module
 */
import { range } from "./unrolled.ts";

/** Invocations of a workgroup of the kernels made here. */
export const FIELD_LANES = 32;

/** Columns h of dW that one invocation of `gradient` sums. */
export const GRADIENT_OUTS = 8;

const HEADER = `// Products over the field axis, one register block per invocation.
//   product   z[b, h, d] = relu(bias[h] + sum_k w[k, h] p[b, k, d])
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

const ENTRY = `
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * ${FIELD_LANES}u + lane;`;

/**
 * Writes the kernels.
 *
 * @param outs rows h that one invocation of `product` computes, a multiple of 4
 * @param columns fours of columns that it computes
 * @param edge rows i and j of pairs whose weights one invocation of `gradient` takes
 */
export function fieldProductSource(outs: number, columns: number, edge: number): string {
  const parts = [HEADER, productSource(outs, columns), gradientSource(edge)];
  return (edge === 4 ? [...parts, inputsSource(columns)] : parts).join("\n");
}

function productSource(outs: number, columns: number): string {
  const quads = range(outs / 4);
  const n = range(columns);
  const cells = range(outs).flatMap((h) => n.map((q) => [h, q]));
  const accumulate = (indent: string): string[] => [
    ...quads.map((c) => `${indent}let w${c} = w[k * quads + h${c}];`),
    ...cells.map(([h, q]) => `${indent}sum${h}_${q} = fma(vec4f(w${h >> 2}.${"xyzw"[h & 3]}), p${q}, sum${h}_${q});`),
    `${indent}k++;`,
  ];
  return [
    `@compute @workgroup_size(${FIELD_LANES})\nfn product(${ENTRY}`,
    `  let quads = (params.outs + 3u) / 4u;`,
    `  let across = (quads + ${quads.length - 1}u) / ${quads.length}u;`,
    `  let first = i / across * ${columns}u;`,
    `  if (first >= params.columns) { return; }`,
    `  let h = i % across * ${quads.length}u;`,
    ...quads.map((c) => `  let h${c} = min(h + ${c}u, quads - 1u);`),
    ...n.flatMap((q) => [
      `  let n${q} = min(first + ${q}u, params.columns - 1u);`,
      `  let x${q} = place_in(n${q});`,
      `  let row${q} = row_of(n${q});`,
      `  let y${q} = place(n${q}, params.right);`,
    ]),
    ...cells.map(([h, q]) => `  var sum${h}_${q} = vec4f();`),
    `  var k = 0u;`,
    `  for (var r = 0u; r < params.left; r++) {`,
    ...n.map((q) => `    let left${q} = x[x${q} + r * params.in_lanes];`),
    `    for (var s = select(0u, r, FOLDED); s < params.right; s++) {`,
    ...n.map((q) => `      var p${q} = left${q};`),
    `      if (SHIFTED) {`,
    ...n.map((q) => `        p${q} = shifted(x${q} + r * params.in_lanes, row${q} + s);`),
    `      } else if (PAIRS) {`,
    ...n.map((q) => `        p${q} *= y[y${q} + s * params.lanes];`),
    `      }`,
    ...accumulate("      "),
    `    }`,
    `  }`,
    ...n.map((q) => `  let z${q} = place(n${q}, params.outs);`),
    ...cells.map(([row, q]) => `  store(z${q}, 4u * h + ${row}u, sum${row}_${q});`),
    `}\n`,
  ].join("\n");
}

function gradientSource(edge: number): string {
  const side = range(edge);
  const block = range(edge * edge);
  const outs = range(GRADIENT_OUTS);
  const cells = block.flatMap((k) => outs.map((h) => [k, h]));
  return [
    `@compute @workgroup_size(${FIELD_LANES})\nfn gradient(${ENTRY}`,
    `  let across = (params.outs + ${outs.length - 1}u) / ${outs.length}u;`,
    `  let slice = i / (across * params.tiles);`,
    `  let first = slice * params.slice;`,
    `  if (first >= params.columns) { return; }`,
    `  let tile = ${edge}u * tile_of(i / across % params.tiles, ${edge}u);`,
    `  let h = i % across * ${outs.length}u;`,
    ...outs.map((o) => `  let h${o} = min(h + ${o}u, params.outs - 1u) * params.lanes;`),
    ...side.flatMap((c) => [
      `  let a${c} = min(tile.x + ${c}u, params.left - 1u) * params.in_lanes;`,
      `  let b${c} = min(tile.y + ${c}u, params.right - 1u) * params.lanes;`,
    ]),
    ...block.map((k) => `  let k${k} = term(tile, ${Math.floor(k / edge)}u, ${k % edge}u, ${edge}u);`),
    ...block.map((k) => `  let at${k} = place_of_term(min(k${k}, params.terms - 1u));`),
    ...cells.map(([k, o]) => `  var sum${k}_${o} = 0.0;`),
    `  let end = min(first + params.slice, params.columns);`,
    `  for (var n = first; n < end; n++) {`,
    `    let left = place_in(n);`,
    `    let right = place(n, params.right);`,
    `    let row = row_of(n);`,
    `    let out = place(n, params.outs);`,
    ...outs.map((o) => `    let d${o} = dz[out + h${o}];`),
    ...block.map((k) => `    var p${k} = vec4f();`),
    `    if (PAIRS) {`,
    ...side.flatMap((c) => [`      let left${c} = x[left + a${c}];`, `      let right${c} = y[right + b${c}];`]),
    ...block.map((k) => `      p${k} = left${Math.floor(k / edge)} * right${k % edge};`),
    `    } else if (SHIFTED) {`,
    ...block.map((k) => `      p${k} = shifted(left + at${k}.x, row + at${k}.y);`),
    `    } else {`,
    ...block.map((k) => `      p${k} = x[left + at${k}.x];`),
    `    }`,
    ...cells.map(([k, o]) => `    sum${k}_${o} = add_dot(p${k}, d${o}, sum${k}_${o});`),
    `  }`,
    `  let at = slice * params.terms * params.outs;`,
    ...cells.map(([k, o]) => `  keep(at, k${k}, h + ${o}u, sum${k}_${o});`),
    `}\n`,
  ].join("\n");
}

/** Gradients by both rows of pairs: a tile of v = w dz at a time, so that v serves both. Weights of a tile are fours. */
function inputsSource(columns: number): string {
  const side = range(4);
  const n = range(columns);
  const cells = side.flatMap((a) => side.flatMap((b) => n.map((q) => [a, b, q])));
  const sumOf = (terms: string[]): string =>
    terms.slice(1).reduce((t, p) => `fma(${p}, ${t})`, terms[0].replace(", ", " * "));
  return [
    `@compute @workgroup_size(${FIELD_LANES})\nfn inputs(${ENTRY}`,
    `  let first = i * ${columns}u;`,
    `  if (first >= params.columns) { return; }`,
    ...n.flatMap((q) => [
      `  let n${q} = min(first + ${q}u, params.columns - 1u);`,
      `  let x${q} = place(n${q}, params.left);`,
      `  let y${q} = place(n${q}, params.right);`,
      `  let z${q} = place(n${q}, params.outs);`,
      `  for (var r = 0u; r < params.left; r++) { dx[x${q} + r * params.lanes] = vec4f(); }`,
      `  if (!FOLDED) {`,
      `    for (var r = 0u; r < params.right; r++) { dy[y${q} + r * params.lanes] = vec4f(); }`,
      `  }`,
    ]),
    `  for (var t = 0u; t < params.tiles; t++) {`,
    ...cells.map(([a, b, q]) => `    var v${a}${b}_${q} = vec4f();`),
    `    for (var h = 0u; h < params.outs; h++) {`,
    ...side.map((a) => `      let w${a} = w[(t * params.outs + h) * 4u + ${a}u];`),
    ...n.map((q) => `      let d${q} = dz[z${q} + h * params.lanes];`),
    ...cells.map(([a, b, q]) => `      v${a}${b}_${q} = fma(vec4f(w${a}.${"xyzw"[b]}), d${q}, v${a}${b}_${q});`),
    `    }`,
    `    let tile = 4u * tile_of(t, 4u);`,
    ...side.flatMap((c) => [
      `    let i${c} = min(tile.x + ${c}u, params.left - 1u) * params.lanes;`,
      `    let j${c} = min(tile.y + ${c}u, params.right - 1u) * params.lanes;`,
    ]),
    ...n.flatMap((q) => [
      ...side.flatMap((c) => [
        `    let a${q}_${c} = x[x${q} + i${c}];`,
        `    let b${q}_${c} = y[y${q} + j${c}];`,
      ]),
      `    if (first + ${q}u < params.columns) {`,
      ...side.map((a) =>
        `      add_left(x${q} + i${a}, tile.x + ${a}u, ${sumOf(side.map((b) => `v${a}${b}_${q}, b${q}_${b}`))});`
      ),
      ...side.map((b) =>
        `      add_right(y${q} + j${b}, tile.y + ${b}u, ${sumOf(side.map((a) => `v${a}${b}_${q}, a${q}_${a}`))});`
      ),
      `    }`,
    ]),
    `  }`,
    `}\n`,
  ].join("\n");
}
