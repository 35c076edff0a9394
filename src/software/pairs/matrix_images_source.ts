/**
 * Text of the kernels of pairs joined by matrices whose factors lie in images, for drivers that fetch texels faster than
 * numbers.
 *
 * A matrix is a few hundred names here, so that loops over samples and pairs need not fetch it again.
 *
 * @module
 */
import { openEntry, range } from "../unrolled.ts";

/** Invocations of a workgroup of the kernels made here. */
export const PAIR_LANES = 8;

/** Samples that share a fetched matrix in the forward direction. */
export const FORWARD_SAMPLES = 32;

/** Samples that share a fetched matrix in the gradient by embeddings. */
export const BACKWARD_SAMPLES = 4;

/** What is known of the upstream gradient g_p: dr[b, p, :], dq[b, p], or dq[b] where q was summed. */
export type Upstream = "products" | "each" | "summed";

/** Fours in a row of `dim` numbers. */
export function quadsOf(dim: number): number {
  return Math.ceil(dim / 4);
}

/**
 * Writes the kernels for embeddings of one width.
 *
 * @param dim width D of an embedding
 */
export function pairImageSource(dim: number, upstream: Upstream): string {
  return [
    header(dim, upstream),
    memorySource(dim, upstream),
    forwardSource(dim, "products", (q, sum) => [put(dim, "r", "row_of_pair", q, `select(vec4f(), ${sum}, exists)`)]),
    forwardSource(dim, "forward", (q, sum) => [
      `    total += dot(${sum}, vec4f(1.0));`,
      ...(q + 1 === quadsOf(dim) ? ["    q[row_of_pair] = total;"] : []),
    ]),
    backwardSource(dim),
    slicesSource(dim),
  ].join("\n");
}

function header(dim: number, upstream: Upstream): string {
  const number = dim % 4 === 0 ? "vec4f" : "f32";
  return `// Pairs i < j of fields joined by a matrix of their own, and their gradients, as in pair_matrix.wgsl, from images.
// Needs image.wgsl and pair_order.wgsl.
// Shapes: e [batch, F, D], weight [count, D, D] and vectors g [batch, pairs, D] by fours, filled up with zeros; numbers g
// and r, q, de, partial as there.
// Grid: products, forward one invocation per (${FORWARD_SAMPLES} samples, p); backward per ${BACKWARD_SAMPLES} samples;
// slices per (s, p). Fixed orders, no atomics.
struct Params {
  batch: u32,       // samples in the image e
  sample: u32,      // the first of them
  fields: u32,
  first: u32,       // first pair
  pairs: u32,       // pairs computed
  count: u32,       // those that exist
  accumulates: u32, // whether de is added to
  slice_rows: u32,  // samples of a slice
  slice: u32,       // first slice
  slices: u32,      // slices computed
}
@group(0) @binding(0) var e: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var weight: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var${
    upstream === "products" ? " g: texture_storage_2d<rgba32float, read>" : "<storage, read> g: array<f32>"
  };
@group(0) @binding(3) var<storage, read_write> r: array<${number}>;
@group(0) @binding(4) var<storage, read_write> q: array<f32>;
@group(0) @binding(5) var<storage, read_write> de: array<${number}>;
@group(0) @binding(6) var<storage, read_write> partial: array<${number}>;
@group(0) @binding(7) var<uniform> params: Params;
`;
}

/** Writes what loads a four of an upstream gradient and of a gradient by e. */
function memorySource(dim: number, upstream: Upstream): string {
  const four = (buffer: string, row: string): string => {
    if (dim % 4 === 0) return `return ${buffer}[${row} * ${dim / 4}u + four];`;
    const numbers = range(4).map((c) => `select(0.0, ${buffer}[at + min(${c}u, last)], ${c}u <= last)`);
    return `let at = ${row} * ${dim}u + 4u * four;\n  let last = min(3u, ${dim - 1}u - 4u * four);
  return vec4f(${numbers.join(", ")});`;
  };
  const upstreamAt = {
    products: `return textureLoad(g, texel((b * params.pairs + p) * ${quadsOf(dim)}u + four));`,
    each: "return vec4f(g[(params.sample + b) * params.pairs + p]);",
    summed: "return vec4f(g[params.sample + b]);",
  };
  return `fn upstream_at(b: u32, p: u32, four: u32) -> vec4f {
  ${upstreamAt[upstream]}
}

fn gradient_at(row: u32, four: u32) -> vec4f {
  ${four("de", "row")}
}
`;
}

function entry(name: string): string {
  return openEntry(name, PAIR_LANES);
}

/** Loads a pair's matrix, row by row. */
function loadMatrix(dim: number, pair: string): string[] {
  const quads = quadsOf(dim);
  return [
    `  let matrix = ${pair} * ${dim * quads}u;`,
    ...range(dim).flatMap((c) =>
      range(quads).map((d) => `  let m${c}_${d} = textureLoad(weight, texel(matrix + ${c * quads + d}u));`)
    ),
  ];
}

/** Loads the row of field `field` of sample `sample` of the image. */
function loadRow(dim: number, name: string, sample: string, field: string): string[] {
  const quads = quadsOf(dim);
  return range(quads).map((d) =>
    `  let ${name}_${d} = textureLoad(e, texel((${sample} * params.fields + ${field}) * ${quads}u + ${d}u));`
  );
}

/** Adds the row `x` times column `d` by fours of the matrix to `sum`. */
function rowTimesMatrix(dim: number, x: string, d: number, sum: string): string {
  return "  " +
    range(dim).map((c) => `${sum} = fma(vec4f(${x}_${c >> 2}.${"xyzw"[c % 4]}), m${c}_${d}, ${sum});`).join(" ");
}

/** Returns four `c` of the matrix times the column `y`. */
function matrixTimesColumn(dim: number, c: number, y: string): string {
  const rows = range(Math.min(4, dim - 4 * c)).map((r) =>
    range(quadsOf(dim)).map((d) => `dot(m${4 * c + r}_${d}, ${y}_${d})`).join(" + ")
  );
  return `vec4f(${[...rows, "0.0", "0.0", "0.0"].slice(0, 4).join(", ")})`;
}

/** Stores four `d` of a row of `dim` numbers. */
function put(dim: number, buffer: string, row: string, d: number, value: string): string {
  if (dim % 4 === 0) return `  ${buffer}[${row} * ${dim / 4}u + ${d}u] = ${value};`;
  const numbers = range(Math.min(4, dim - 4 * d)).map((c) =>
    `${buffer}[${row} * ${dim}u + ${4 * d + c}u] = put.${"xyzw"[c]};`
  );
  return `  { let put = ${value}; ${numbers.join(" ")} }`;
}

function forwardSource(dim: number, name: string, store: (four: number, sum: string) => string[]): string {
  return [
    entry(name),
    `  let p = i % params.pairs;`,
    `  let first = i / params.pairs * ${FORWARD_SAMPLES}u;`,
    `  if (first >= params.batch) { return; }`,
    `  let exists = p < params.count;`,
    `  let shown = min(p, params.count - 1u);`,
    `  let pair = fields_of(params.first + shown);`,
    ...loadMatrix(dim, "shown"),
    `  let end = min(first + ${FORWARD_SAMPLES}u, params.batch);`,
    `  for (var b = first; b < end; b++) {`,
    ...loadRow(dim, "x", "b", "pair.x"),
    ...loadRow(dim, "y", "b", "pair.y"),
    `  let row_of_pair = (params.sample + b) * params.pairs + p;`,
    ...(name === "forward" ? [`  var total = 0.0;`] : []),
    ...range(quadsOf(dim)).flatMap((d) => [
      `  var sum${d} = vec4f();`,
      rowTimesMatrix(dim, "x", d, `sum${d}`),
      ...store(d, `sum${d} * y_${d}`),
    ]),
    `  }`,
    `}\n`,
  ].join("\n");
}

/** Writes the gradient by e: each matrix is fetched once for both fields of its pair. */
function backwardSource(dim: number): string {
  const quads = range(quadsOf(dim));
  const samples = range(BACKWARD_SAMPLES);
  const cells = samples.flatMap((s) => quads.map((d): [number, number] => [s, d]));
  return [
    entry("backward"),
    `  let first = i * ${BACKWARD_SAMPLES}u;`,
    `  if (first >= params.batch) { return; }`,
    ...samples.map((s) => `  let b${s} = min(first + ${s}u, params.batch - 1u);`),
    ...samples.map((s) => `  let row${s} = (params.sample + b${s}) * params.fields;`),
    `  if (params.accumulates == 0u) {`,
    `    for (var f = 0u; f < params.fields; f++) {`,
    ...cells.map(([s, d]) => put(dim, "de", `(row${s} + f)`, d, "vec4f()")),
    `    }`,
    `  }`,
    `  var pair = fields_of(params.first);`,
    `  var p = 0u;`,
    `  while (p < params.count) {`,
    `  let left = pair.x;`,
    `  let end = min(p + params.fields - pair.y, params.count);`,
    ...samples.flatMap((s) => loadRow(dim, `x${s}`, `b${s}`, "left")),
    ...cells.map(([s, d]) => `  var d${s}_${d} = gradient_at(row${s} + left, ${d}u);`),
    `  for (var right = pair.y; p < end; p++) {`,
    ...loadMatrix(dim, "p"),
    // All are read before any is written: past the batch, samples are one and the same.
    ...cells.map(([s, d]) => `  var t${s}_${d} = gradient_at(row${s} + right, ${d}u);`),
    ...samples.flatMap((s) => [
      ...loadRow(dim, `e${s}`, `b${s}`, "right"),
      ...quads.map((d) => `  let g${s}_${d} = upstream_at(b${s}, p, ${d}u);`),
      ...quads.map((d) => `  let y${s}_${d} = e${s}_${d} * g${s}_${d};`),
      ...quads.flatMap((d) => [
        `  var s${s}_${d} = vec4f();`,
        rowTimesMatrix(dim, `x${s}`, d, `s${s}_${d}`),
        `  t${s}_${d} += s${s}_${d} * g${s}_${d};`,
        `  d${s}_${d} += ${matrixTimesColumn(dim, d, `y${s}`)};`,
      ]),
    ]),
    ...cells.map(([s, d]) => put(dim, "de", `(row${s} + right)`, d, `t${s}_${d}`)),
    `  right++;`,
    `  }`,
    ...cells.map(([s, d]) => put(dim, "de", `(row${s} + left)`, d, `d${s}_${d}`)),
    `  pair = vec2u(left + 1u, left + 2u);`,
    `  }`,
    `}\n`,
  ].join("\n");
}

/** Writes the gradient by the matrices, four samples at a time, lest all sums are moved for each sample. */
function slicesSource(dim: number): string {
  const quads = range(quadsOf(dim));
  const cells = range(dim).flatMap((c) => quads.map((d): [number, number] => [c, d]));
  return [
    entry("slices"),
    `  let p = i % params.count;`,
    `  let s = i / params.count;`,
    `  if (s >= params.slices) { return; }`,
    `  let pair = fields_of(params.first + p);`,
    ...cells.map(([c, d]) => `  var sum${c}_${d} = vec4f();`),
    `  let end = min((s + 1u) * params.slice_rows, params.batch);`,
    `  for (var b = s * params.slice_rows; b < end; b += 4u) {`,
    ...range(4).flatMap((t) => [
      `  let b${t} = min(b + ${t}u, end - 1u);`,
      ...loadRow(dim, `x${t}`, `b${t}`, "pair.x"),
      ...loadRow(dim, `e${t}`, `b${t}`, "pair.y"),
      ...quads.map((d) =>
        `  let y${t}_${d} = select(vec4f(), e${t}_${d} * upstream_at(b${t}, p, ${d}u), b + ${t}u < end);`
      ),
    ]),
    ...cells.map(([c, d]) =>
      "  " +
      range(4).map((t) => `sum${c}_${d} = fma(vec4f(x${t}_${c >> 2}.${"xyzw"[c % 4]}), y${t}_${d}, sum${c}_${d});`)
        .join(" ")
    ),
    `  }`,
    `  let matrix = ((params.slice + s) * params.count + p) * ${dim}u;`,
    ...cells.map(([c, d]) => put(dim, "partial", `(matrix + ${c}u)`, d, `sum${c}_${d}`)),
    `}\n`,
  ].join("\n");
}
