/**
 * Text of the matrix product whose factors lie in images, for drivers that fetch texels faster than numbers.
 *
 * Four terms are added to a sum before the next sum's turn comes, lest all sums are moved for each term.
 *
 * @module
 */
import { CROSS, FINISH } from "./matmul_source.ts";

/** Invocations of a workgroup of the kernels made here. */
export const IMAGE_LANES = 16;

const HEADER = `// Matrix products, one register block per invocation, of factors in images; needs image.wgsl.
//   product     y[m, n] = relu(sum_k a[m, k] b[k, n] + bias[n])
//   product_tn  y[s, m, n] = sum_r a[r, m] b[r, n] over the rows r of slice s
// Shapes: a [M, K] or [R, M], b [K, N] or [R, N], both by fours and with zeros up to a multiple of four terms;
// bias [N]; y [M, N] or [S, M, N] by fours; f32.
// Grid: one invocation per block. Rows and columns past the end repeat the last ones, so that no load or store needs
// a branch. No workgroup memory, no atomics, sums in order of k: bit-reproducible.
struct Params {
  m: u32,           // rows of a
  k: u32,           // rows of a and b, product_tn only
  n: u32,           // numbers in bias
  quads: u32,       // fours in a row of b and of y
  a_quads: u32,     // fours in a row of a
  first: u32,       // rows of y before a's first, or slices before the first
  slice_rows: u32,  // rows of a and b in a slice, a multiple of 4, product_tn only
  has_bias: u32,
  has_relu: u32,
}
@group(0) @binding(0) var a: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var b: texture_storage_2d<rgba32float, read>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;
`;

const START = `override ADDS: bool = false;  // whether product adds to what is there

// What a sum starts from: cells past the end repeat the last one, so that adding at the end would add twice.
fn start(at: u32) -> vec4f {
  if (ADDS) { return y[at]; }
  return vec4f();
}
`;

const ENTRY = `
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * ${IMAGE_LANES}u + lane;`;

/**
 * Writes the kernels for blocks of `size` rows by `size` columns.
 *
 * @param size a multiple of 4
 */
export function imageSource(size: number): string {
  return [HEADER, START, FINISH, productSource(size), columnProductSource(size)].join("\n");
}

/**
 * Writes the product of a matrix cross layer (Wang et al., WWW 2021, equation 1) for blocks of `size` by `size`:
 * z = a b + bias and y = x0 z + x, where x is a by fours.
 *
 * @param size a multiple of 4
 */
export function crossImageSource(size: number): string {
  const cross = productSource(size, "product_cross", (at, sum) => `cross_with(${at}, ${sum});`);
  return [HEADER, START, FINISH, CROSS, cross].join("\n");
}

function productSource(
  size: number,
  name = "product",
  store = (at: string, sum: string): string => `y[${at}] = finish(${sum});`,
): string {
  const rows = range(size);
  const quads = range(size / 4);
  return [
    `@compute @workgroup_size(${IMAGE_LANES})\nfn ${name}(${ENTRY}`,
    `  let across = (params.quads + ${size / 4 - 1}u) / ${size / 4}u;`,
    `  let row = i / across * ${size}u;`,
    `  let quad = i % across * ${size / 4}u;`,
    `  if (row >= params.m) { return; }`,
    ...rows.map((r) => `  let row${r} = min(row + ${r}u, params.m - 1u);\n  let a${r} = row${r} * params.a_quads;`),
    ...quads.map((q) => `  let b${q} = min(quad + ${q}u, params.quads - 1u);`),
    ...cells(size).map(([r, q]) => `  var sum${r}_${q} = start(${cell(r, q)});`),
    `  for (var k = 0u; k < params.a_quads; k++) {`,
    `    let at = 4u * k * params.quads;`,
    ...rows.map((r) => `    let left${r} = textureLoad(a, texel(a${r} + k));`),
    ...loadTerms(size, "right", "b", (term, q) => `at + ${term}u * params.quads + b${q}`),
    ...multiply(size, (row, term) => `left${row}.${"xyzw"[term]}`),
    `  }`,
    ...quads.map((q) => `  let bias${q} = bias_quad(b${q});`),
    ...cells(size).map(([r, q]) => `  ${store(cell(r, q), `sum${r}_${q} + bias${q}`)}`),
    `}\n`,
  ].join("\n");
}

function columnProductSource(size: number): string {
  const quads = range(size / 4);
  return [
    `@compute @workgroup_size(${IMAGE_LANES})\nfn product_tn(${ENTRY}`,
    `  let across = (params.quads + ${size / 4 - 1}u) / ${size / 4}u;`,
    `  let down = (params.a_quads + ${size / 4 - 1}u) / ${size / 4}u;`,
    `  let slice = i / (across * down);`,
    `  let first = slice * params.slice_rows;`,
    `  if (first >= params.k) { return; }`,
    ...quads.map((q) => `  let a${q} = min(i / across % down * ${size / 4}u + ${q}u, params.a_quads - 1u);`),
    ...quads.map((q) => `  let b${q} = min(i % across * ${size / 4}u + ${q}u, params.quads - 1u);`),
    ...cells(size).map(([r, q]) => `  var sum${r}_${q} = vec4f();`),
    `  let end = min(first + params.slice_rows, params.k);`,
    `  for (var k = first; k < end; k += 4u) {`,
    ...loadTerms(size, "left", "a", (term, q) => `(k + ${term}u) * params.a_quads + a${q}`),
    ...loadTerms(size, "right", "b", (term, q) => `(k + ${term}u) * params.quads + b${q}`),
    ...multiply(size, (row, term) => `left${term}_${row >> 2}.${"xyzw"[row % 4]}`),
    `  }`,
    `  let top = (params.first + slice) * 4u * params.a_quads;`,
    ...cells(size).map(([r, q]) => `  y[(top + 4u * a${r >> 2} + ${r % 4}u) * params.quads + b${q}] = sum${r}_${q};`),
    `}\n`,
  ].join("\n");
}

function cell(row: number, quad: number): string {
  return `(params.first + row${row}) * params.quads + b${quad}`;
}

/** Loads four terms of the columns of a block. */
function loadTerms(size: number, name: string, image: string, at: (term: number, quad: number) => string): string[] {
  return range(4).flatMap((term) =>
    range(size / 4).map((q) => `    let ${name}${term}_${q} = textureLoad(${image}, texel(${at(term, q)}));`)
  );
}

/** Adds four terms to all sums, column by column: the right factors of a column are then at hand for all rows. */
function multiply(size: number, left: (row: number, term: number) => string): string[] {
  return range(size / 4).flatMap((q) =>
    range(size).map((r) => {
      const sum = `sum${r}_${q}`;
      return "    " + range(4).map((t) => `${sum} = fma(vec4f(${left(r, t)}), right${t}_${q}, ${sum});`).join(" ");
    })
  );
}

function cells(size: number): [number, number][] {
  return range(size).flatMap((row) => range(size / 4).map((quad): [number, number] => [row, quad]));
}

function range(size: number): number[] {
  return Array.from({ length: size }, (_, i) => i);
}
