/**
 * Text of the matrix product for software adapters: register blocks, unrolled, because a loop over blocks would have
 * to index private memory and a load costs such a driver more than many multiplications.
 *
 * @module
 */
import { columnsText, CROSS, FINISH, ROWS, type RowsText, rowsText, storeCross } from "./text.ts";
import { range } from "../unrolled.ts";

/** Invocations of a workgroup of the kernels made here. */
export const BLOCK_LANES = 32;

const HEADER = `// Matrix products, one register block per invocation, for adapters that run on the processor.
//   product     y[m, n] = relu(sum_k a[m, k] b[k, n] + bias[n])
//   product_tn  y[s, m, n] = sum_r a[r, m] b[r, n] over the rows r of slice s
// Shapes: a [M, K] or, by fours, [R, M]; b [K, N] or [R, N] by fours; bias [N]; y [M, N] or [S, M, N] by fours; f32.
// Grid: one invocation per block. Rows and columns past the end repeat the last ones, so that no load or store needs
// a branch. No workgroup memory, no atomics, sums in order of k: bit-reproducible.
struct Params {
  m: u32,           // rows of y
  k: u32,           // terms of a sum
  n: u32,           // numbers in bias
  quads: u32,       // fours in a row of b and of y
  a_quads: u32,     // fours in a row of a, product_tn only
  slice_rows: u32,  // rows of a and b in a slice, product_tn only
  has_bias: u32,
  has_relu: u32,
}
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> a_quads: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;
`;

/**
 * Writes the kernels for blocks of `size` rows by `size` columns.
 *
 * @param size a multiple of 4
 */
export function blockSource(size: number): string {
  return [HEADER, ROWS, FINISH, productSource(size), columnProductSource(size)].join("\n");
}

/**
 * Writes the product of a matrix cross layer (Wang et al., WWW 2021, equation 1) for blocks of `size` by `size`:
 * z = a b + bias and y = x0 z + x, where x is a by fours.
 *
 * @param size a multiple of 4
 */
export function crossSource(size: number): string {
  return [HEADER, ROWS, FINISH, CROSS, productSource(size, "product_cross", storeCross)].join("\n");
}

function productSource(size: number, name = "product", store?: RowsText["store"]): string {
  const quads = range(size / 4);
  const terms = [
    `  for (var k = 0u; k < params.k; k++) {`,
    `    let at = k * params.quads;`,
    ...quads.map((q) => `    let right${q} = b[at + b${q}];`),
    ...range(size).flatMap((r) => [
      `    let left${r} = vec4f(a[a${r} + k]);`,
      ...quads.map((q) => `    sum${r}_${q} = fma(left${r}, right${q}, sum${r}_${q});`),
    ]),
    `  }`,
  ];
  const block = { rows: size, columns: size, shared: 1 };
  return rowsText({ block, lanes: BLOCK_LANES, terms, name, stride: "k", row: (r) => `row${r}`, store });
}

function columnProductSource(size: number): string {
  const quads = range(size / 4);
  const terms = [
    `  for (var k = first; k < end; k++) {`,
    ...quads.map((q) => `    let right${q} = b[k * params.quads + b${q}];`),
    ...quads.flatMap((p) => [
      `    let left${p} = a_quads[k * params.a_quads + a${p}];`,
      ...range(4).flatMap((l) =>
        quads.map((q) => {
          const sum = `sum${4 * p + l}_${q}`;
          return `    ${sum} = fma(vec4f(left${p}.${"xyzw"[l]}), right${q}, ${sum});`;
        })
      ),
    ]),
    `  }`,
  ];
  return columnsText({
    block: { rows: size, columns: size, shared: 1 },
    lanes: BLOCK_LANES,
    terms,
    top: "slice * 4u * params.a_quads",
  });
}
