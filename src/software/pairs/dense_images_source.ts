/**
 * Text of the products of a dense layer over element products of pairs of fields, which are formed from images of the two
 * tensors as they are needed.
 *
 * @module
 */
import { IMAGE_LANES, loadRight, multiply, START, startAt } from "../matmul/images_source.ts";
import { type Block, columnsText, FINISH, rowsText, STRIPS } from "../matmul/text.ts";
import { cells, range } from "../unrolled.ts";

const HEADER =
  `// Products of r[b, p, :] = u[b, i, :] x[b, j, :], the p-th pair of fields i < j, one register block per invocation;
// needs image.wgsl and pair_order.wgsl.
//   product     y[b, n] += sum_p sum_d r[b, p, d] w[p, d, n]
//   product_tn  y[p, d, n] += sum_b r[b, p, d] dy[b, n]  over the samples b from params.sample on
// Only pairs from params.pair on take part. Shapes: u, x [B, F, D], D by fours; b is w [P D, N] or dy [B, N] by fours; images
// of rows of samples have zeros up to a multiple of four; y [B, N] or [P D, N] by fours; f32.
// Grid: as in matmul_images. No workgroup memory, no atomics. Sums in order of b, or of i, then fours of D, then j:
// bit-reproducible.
struct Params {
  m: u32,           // rows of y
  k: u32,           // samples, and
  sample: u32,      // the first one, product_tn only
  n: u32,           // numbers in bias
  quads: u32,       // fours in a row of y
  a_quads: u32,     // fours in the products of a sample
  first: u32,       // rows of y before the first
  slice_rows: u32,  // k
  sample_quads: u32,  // fours in a sample of u
  fields: u32,
  pair: u32,        // the first one
  has_bias: u32,
  has_relu: u32,
}
@group(0) @binding(0) var a: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var x: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var b: texture_storage_2d<rgba32float, read>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;
`;

/**
 * Writes the kernels.
 *
 * @param lanes fours of D
 */
export function pairDenseSource(block: Block, lanes: number): string {
  return [HEADER, START, STRIPS, FINISH, productSource(block, lanes), columnProductSource(block, lanes)].join("\n");
}

/** Takes the pairs of a field i four by four of D, so that u is fetched once for all of them. */
function productSource(block: Block, lanes: number): string {
  const rows = range(block.rows);
  const terms = [
    `  let all = params.a_quads / ${lanes}u;`,
    `  var pair = fields_of(params.pair);`,
    `  var p = 0u;`,
    `  var c = 0u;`,
    `  while (p < all) {`,
    `    let count = min(params.fields - pair.y, all - p);`,
    ...rows.map((r) => `    let held${r} = textureLoad(a, texel(a${r} + pair.x * ${lanes}u + c));`),
    `    for (var t = 0u; t < count; t++) {`,
    ...rows.map((r) => `    let left${r} = held${r} * textureLoad(x, texel(a${r} + (pair.y + t) * ${lanes}u + c));`),
    `    let at = 4u * ((p + t) * ${lanes}u + c) * params.quads;`,
    ...loadRight(block, (term) => `at + ${term} * params.quads`),
    ...multiply(block, (row, term) => `left${row}.${"xyzw"[term]}`),
    `    }`,
    `    c++;`,
    `    if (c == ${lanes}u) {`,
    `      c = 0u;`,
    `      p += count;`,
    `      pair = vec2u(pair.x + 1u, pair.x + 2u);`,
    `    }`,
    `  }`,
  ];
  const row = (r: number): string => `row${r}`;
  const stride = "sample_quads";
  return rowsText({ block, lanes: IMAGE_LANES, terms, start: startAt, name: "product", stride, row });
}

function columnProductSource(block: Block, lanes: number): string {
  const quads = range(block.rows / 4);
  const terms = [
    ...quads.map((q) => `  let pair${q} = fields_of(params.pair + a${q} / ${lanes}u) * ${lanes}u + a${q} % ${lanes}u;`),
    `  for (var k = first; k < end; k += 4u) {`,
    ...cells(4, quads.length).flatMap(([term, q]) => [
      `    let at${term}_${q} = (params.sample + k + ${term}u) * params.sample_quads + pair${q};`,
      `    let left${term}_${q} = textureLoad(a, texel(at${term}_${q}.x)) * textureLoad(x, texel(at${term}_${q}.y));`,
    ]),
    ...loadRight(block, (term) => `(params.sample + k + ${term}) * params.quads`),
    ...multiply(block, (row, term) => `left${term}_${row >> 2}.${"xyzw"[row % 4]}`),
    `  }`,
  ];
  return columnsText({ block, lanes: IMAGE_LANES, terms, start: startAt, top: "params.first" });
}
