/**
 * Text of the matrix product whose factors lie in images, for drivers that fetch texels faster than numbers.
 *
 * Four terms are added to a sum before the next sum's turn comes, lest all sums are moved for each term.
 *
 * @module
 */
import { type Block, columnsText, CROSS, FINISH, type RowsText, rowsText, storeCross, STRIPS } from "./text.ts";
import { sharedTexels } from "../shared_text.ts";
import { cells, range } from "../unrolled.ts";

/** Invocations of a workgroup of the kernels made here. */
export const IMAGE_LANES = 16;

const HEADER = `// Matrix products, one register block per invocation, of factors in images; needs image.wgsl.
//   product     y[m, n] = relu(sum_k a[m, k] b[k, n] + bias[n])
//   product_tn  y[s, m, n] = sum_r a[r, m] b[r, n] over the rows r of slice s
// Shapes: a [M, K] or [R, M], b [K, N] or [R, N], both by fours and with zeros up to a multiple of four terms;
// bias [N]; y [M, N] or [S, M, N] by fours; f32.
// Grid: one invocation per block. Rows and columns past the end repeat the last ones, so that no load or store needs
// a branch; in subgroups that share columns, blocks lie below each other and those past the end store nothing. No
// workgroup memory, no atomics, sums in order of k: bit-reproducible.
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

/** What the sums of a product by rows start from. */
export const START = `override ADDS: bool = false;  // whether product adds to what is there

// What a sum starts from: cells past the end repeat the last one, so that adding at the end would add twice.
fn start(at: u32) -> vec4f {
  if (ADDS) { return y[at]; }
  return vec4f();
}
`;

/** Writes what a sum starts from by {@linkcode START}. */
export function startAt(at: string): string {
  return `start(${at})`;
}

/** Writes the kernels. */
export function imageSource(block: Block): string {
  return [HEADER, START, STRIPS, FINISH, productSource(block), columnProductSource(block)].join("\n");
}

/**
 * Writes the product of a matrix cross layer (Wang et al., WWW 2021, equation 1): z = a b + bias and y = x0 z + x, where
 * x is a by fours.
 */
export function crossImageSource(block: Block): string {
  return [HEADER, START, STRIPS, FINISH, CROSS, productSource(block, "product_cross", storeCross)].join("\n");
}

function productSource(block: Block, name = "product", store?: RowsText["store"]): string {
  const terms = [
    `  for (var k = 0u; k < params.a_quads; k++) {`,
    `    let at = 4u * k * params.quads;`,
    ...range(block.rows).map((r) => `    let left${r} = textureLoad(a, texel(a${r} + k));`),
    ...loadRight(block, (term) => `at + ${term} * params.quads`),
    ...multiply(block, (row, term) => `left${row}.${"xyzw"[term]}`),
    `  }`,
  ];
  const row = (r: number): string => `(params.first + row${r})`;
  return rowsText({ block, lanes: IMAGE_LANES, terms, start: startAt, name, stride: "a_quads", row, store });
}

function columnProductSource(block: Block): string {
  const terms = [
    `  for (var k = first; k < end; k += 4u) {`,
    ...cells(4, block.rows / 4).map(([term, q]) =>
      `    let left${term}_${q} = textureLoad(a, texel((k + ${term}u) * params.a_quads + a${q}));`
    ),
    ...loadRight(block, (term) => `(k + ${term}) * params.quads`),
    ...multiply(block, (row, term) => `left${term}_${row >> 2}.${"xyzw"[row % 4]}`),
    `  }`,
  ];
  return columnsText({ block, lanes: IMAGE_LANES, terms, top: "(params.first + slice) * 4u * params.a_quads" });
}

/** Loads four terms of the columns of a block. */
export function loadRight({ columns, shared }: Block, rowAt: (term: string) => string): string[] {
  const quads = columns / 4;
  if (shared === 1) {
    return cells(4, quads).map(([term, q]) =>
      `    let right${term}_${q} = textureLoad(b, texel(${rowAt(`${term}u`)} + b${q}));`
    );
  }
  return sharedTexels({
    image: "b",
    shared,
    names: cells(4, quads).map(([term, q]) => `right${term}_${q}`),
    at: (number) => `${rowAt(`${number} / ${quads}u`)} + min(quad + ${number} % ${quads}u, params.quads - 1u)`,
  });
}

/** Adds four terms to all sums, column by column: the right factors of a column are then at hand for all rows. */
export function multiply({ rows, columns }: Block, left: (row: number, term: number) => string): string[] {
  return cells(columns / 4, rows).map(([q, r]) => {
    const sum = `sum${r}_${q}`;
    return "    " + range(4).map((t) => `${sum} = fma(vec4f(${left(r, t)}), right${t}_${q}, ${sum});`).join(" ");
  });
}
