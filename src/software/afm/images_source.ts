/**
 * Text of attention over pairs with embeddings and weights in images, unrolled over some pairs or hidden units, so that
 * what is fetched once serves all of them.
 *
 * @module
 */
import { openEntry, range } from "../unrolled.ts";

/** Invocations of a workgroup of the kernels made here. */
export const AFM_LANES = 16;

/** Hidden units that an invocation of `slices` takes. */
export const SLICE_UNITS = 16;

const HEADER =
  `// Attention over pairs with embeddings and weights in images; needs image.wgsl and random.wgsl. z_pa = <w_a, x_p> + c_a.
//   forward   s_p = sum_a h_a relu(z_pa), v = sum_p m_p exp(s_p - lse) x_p with lse = log sum_p exp(s_p), in one pass
//   backward  de_i += d_p * e_j, de_j += d_p * e_i with d_p = m_p a_p dv + ds_p sum_a h_a [z_pa > 0] w_a
//   slices    sums over the samples of a slice of ds_p h_a [z_pa > 0] (x_p, 1) and of ds_p relu(z_pa), for each a
// Shapes: e [B, F, D], wt [A, D], c, h [A], in rows of fours with zeros; v, dv [B, D]; s, pulls [B, P]; lse [B];
// de [B, F, D]; f32. Only params.batch samples from params.sample on are in e's image.
// Grid: forward and backward one invocation per sample, slices per slice and ${SLICE_UNITS} hidden units. Fixed orders,
// no atomics: bit-reproducible.
const LOWEST: f32 = -3e38;

struct Params {
  batch: u32,
  sample: u32,
  fields: u32,
  pairs: u32,
  hidden: u32,
  slice_rows: u32,
  slice: u32,   // first slice of the piece
  slices: u32,  // slices of the piece
}
@group(0) @binding(0) var e: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var wt: texture_storage_2d<rgba32float, read>;
@group(0) @binding(2) var bias: texture_storage_2d<rgba32float, read>;
@group(0) @binding(3) var head: texture_storage_2d<rgba32float, read>;
@group(0) @binding(4) var<storage, read_write> v: array<f32>;
@group(0) @binding(5) var<storage, read_write> scores: array<f32>;
@group(0) @binding(6) var<storage, read_write> lse: array<f32>;
@group(0) @binding(7) var<storage, read> kept_pulls: array<vec2f>;
@group(0) @binding(8) var<storage, read> dv: array<f32>;
@group(0) @binding(9) var<storage, read_write> de: array<f32>;
@group(0) @binding(10) var<storage, read_write> partial_w: array<f32>;
@group(0) @binding(11) var<storage, read_write> partial_c: array<vec2f>;
@group(0) @binding(12) var<uniform> params: Params;

// The pair after (i, j); the last one has none and stays.
fn after(pair: vec2u) -> vec2u {
  let fits = pair.y + 1u < params.fields;
  let turned = select(pair, vec2u(pair.x + 1u, pair.x + 2u), pair.x + 2u < params.fields);
  return select(turned, vec2u(pair.x, pair.y + 1u), fits);
}
`;

/** Sizes that the text is unrolled for. */
export interface AfmBlock {
  /** Width D of an embedding. */
  readonly dim: number;
  /** Pairs that an invocation of `forward` and `backward` takes at once. */
  readonly pairs: number;
}

/** Writes the kernels. */
export function afmImageSource({ dim, pairs }: AfmBlock): string {
  const text = new Texts(dim);
  return [HEADER, forward(text, pairs), backward(text, pairs), slices(text)].join("\n");
}

/** Writes statements about vectors of D numbers, as fours and a rest: `name0`, `name1`, ... */
class Texts {
  readonly #widths: readonly number[];

  constructor(readonly dim: number) {
    this.#widths = range(Math.ceil(dim / 4)).map((c) => Math.min(4, dim - 4 * c));
  }

  get quads(): number {
    return this.#widths.length;
  }

  /** Writes something for each four. */
  each(write: (c: number, type: string, part: string) => string): string[] {
    return this.#widths.map((width, c) =>
      write(c, width === 1 ? "f32" : `vec${width}f`, width === 4 ? "" : `.${"xyzw".slice(0, width)}`)
    );
  }

  /** Writes something for each number: `name0.x` and so on, given its place. */
  numbers(write: (d: number, at: string) => string): string[] {
    return range(this.dim).map((d) =>
      write(d, this.#widths[d >> 2] === 1 ? `${d >> 2}` : `${d >> 2}.${"xyzw"[d % 4]}`)
    );
  }

  /** Declares row `row` of an image. */
  load(name: string, image: string, row: string): string[] {
    return this.each((c, _, part) =>
      `    let ${name}${c} = textureLoad(${image}, texel((${row}) * ${this.quads}u + ${c}u))${part};`
    );
  }

  /** Returns `start` plus the dot product of two vectors. */
  dot(start: string, a: string, b: string): string {
    return this.numbers((_, at) => `${a}${at}, ${b}${at}`).reduce((sum, factors) => `fma(${factors}, ${sum})`, start);
  }

  /** Declares `name`, the product of the embeddings of a pair. */
  product(name: string, pair: string): string[] {
    return this.each((c, _, part) => {
      const load = (field: string): string => `textureLoad(e, texel((row + ${field}) * ${this.quads}u + ${c}u))${part}`;
      return `    let ${name}${c} = ${load(`${pair}.x`)} * ${load(`${pair}.y`)};`;
    });
  }
}

/** Opens the loop of an invocation over the pairs of its sample, `pairs` at once: `pair0`, ... and products `x0_`, ... */
function overPairs(text: Texts, pairs: number): string[] {
  return [
    `  if (i >= params.batch) { return; }`,
    `  let row = i * params.fields;`,
    `  let at = (params.sample + i) * params.pairs;`,
    `  var pair = vec2u(0u, 1u);`,
    `  for (var first = 0u; first < params.pairs; first += ${pairs}u) {`,
    ...range(pairs).flatMap((n) => [
      `    let pair${n} = pair;`,
      `    pair = after(pair);`,
      ...text.product(`x${n}_`, `pair${n}`),
    ]),
  ];
}

/** Goes through all hidden units, four at once, and computes `z` of each pair. */
function overUnits(text: Texts, pairs: number, use: (n: number, unit: string) => string[]): string[] {
  return [
    `    for (var u = 0u; u < (params.hidden + 3u) / 4u; u++) {`,
    `    let c = textureLoad(bias, texel(u));\n    let h = textureLoad(head, texel(u));`,
    ...[..."xyzw"].flatMap((unit, t) => [
      ...text.load(`w${t}_`, "wt", `4u * u + ${t}u`),
      ...range(pairs).flatMap((n) => [
        `    let z${n}_${t} = ${text.dot(`c.${unit}`, `x${n}_`, `w${t}_`)};`,
        ...use(n, unit),
      ]),
    ]),
    `    }`,
  ];
}

function forward(text: Texts, pairs: number): string {
  const all = range(pairs);
  const exists = (n: number): string => `first + ${n}u < params.pairs`;
  const unitOf = (unit: string): number => "xyzw".indexOf(unit);
  return [
    openEntry("forward", AFM_LANES),
    `  var top = LOWEST;\n  var sum = 0.0;`,
    ...text.each((c, type) => `  var pooled${c} = ${type}();`),
    ...overPairs(text, pairs),
    ...all.map((n) => `    var s${n} = 0.0;`),
    ...overUnits(text, pairs, (n, unit) => [`    s${n} = fma(h.${unit}, max(z${n}_${unitOf(unit)}, 0.0), s${n});`]),
    ...all.map((n) => `    if (${exists(n)}) { scores[at + first + ${n}u] = s${n}; } else { s${n} = LOWEST; }`),
    `    let new_top = ${all.reduce((top, n) => `max(${top}, s${n})`, "top")};`,
    `    let keep = exp(top - new_top);\n    top = new_top;`,
    ...all.map((n) => `    let a${n} = exp(s${n} - top);`),
    `    sum = fma(sum, keep, ${all.map((n) => `a${n}`).join(" + ")});`,
    ...all.map((n) => `    let m${n} = a${n} * dropout_scale(at + first + ${n}u);`),
    ...text.each((c) => `    pooled${c} = pooled${c} * keep + ${all.map((n) => `m${n} * x${n}_${c}`).join(" + ")};`),
    `  }`,
    `  lse[params.sample + i] = top + log(sum);`,
    ...text.numbers((d, number) => `  v[(params.sample + i) * ${text.dim}u + ${d}u] = pooled${number} / sum;`),
    `}\n`,
  ].join("\n");
}

function backward(text: Texts, pairs: number): string {
  const all = range(pairs);
  const place = (field: string, d: number): string => `de[start + ${field} * ${text.dim}u + ${d}u]`;
  return [
    openEntry("backward", AFM_LANES),
    `  let start = (params.sample + i) * params.fields * ${text.dim}u;`,
    `  if (i < params.batch) {\n    for (var d = 0u; d < params.fields * ${text.dim}u; d++) { de[start + d] = 0.0; }\n  }`,
    ...overPairs(text, pairs),
    ...all.flatMap((n) => [
      `    let found${n} = kept_pulls[at + min(first + ${n}u, params.pairs - 1u)];`,
      `    let pull${n} = select(vec2f(), found${n}, first + ${n}u < params.pairs);`,
      ...text.each((c, type) => `    var d${n}_${c} = ${type}();`),
    ]),
    ...overUnits(text, pairs, (n, unit) => {
      const t = "xyzw".indexOf(unit);
      return [
        `    let g${n}_${t} = select(0.0, h.${unit} * pull${n}.y, z${n}_${t} > 0.0);`,
        ...text.each((c, type) => `    d${n}_${c} = fma(${type}(g${n}_${t}), w${t}_${c}, d${n}_${c});`),
      ];
    }),
    ...text.numbers((d) => `    let dv${d} = dv[(params.sample + i) * ${text.dim}u + ${d}u];`),
    ...all.flatMap((n) => [
      ...text.load(`l${n}_`, "e", `row + pair${n}.x`),
      ...text.load(`r${n}_`, "e", `row + pair${n}.y`),
      ...text.numbers((d, number) =>
        `    let q${n}_${d} = fma(pull${n}.x, dv${d}, d${n}_${number}); ` +
        `${place(`pair${n}.x`, d)} += q${n}_${d} * r${n}_${number}; ` +
        `${place(`pair${n}.y`, d)} += q${n}_${d} * l${n}_${number};`
      ),
    ]),
    `  }`,
    `}\n`,
  ].join("\n");
}

function slices(text: Texts): string {
  const units = range(SLICE_UNITS);
  const of = (name: string, r: number): string => `${name}${r >> 2}.${"xyzw"[r % 4]}`;
  const texel = (image: string, q: number): string => `textureLoad(${image}, texel(unit / 4u + ${q}u))`;
  return [
    openEntry("slices", AFM_LANES),
    `  let blocks = (params.hidden + ${SLICE_UNITS - 1}u) / ${SLICE_UNITS}u;`,
    `  if (i >= params.slices * blocks) { return; }`,
    `  let unit = i % blocks * ${SLICE_UNITS}u;`,
    `  let slice = params.slice + i / blocks;`,
    ...range(SLICE_UNITS / 4).map((q) => `  let c${q} = ${texel("bias", q)};\n  let h${q} = ${texel("head", q)};`),
    ...units.flatMap((r) => [
      ...text.load(`w${r}_`, "wt", `unit + ${r}u`),
      ...text.each((c, type) => `  var d${r}_${c} = ${type}();`),
      `  var sums${r} = vec2f();`,
    ]),
    `  let begin = slice * params.slice_rows - params.sample;`,
    `  for (var b = begin; b < min(begin + params.slice_rows, params.batch); b++) {`,
    `  let row = b * params.fields;`,
    `  let at = (params.sample + b) * params.pairs;`,
    `  var pair = vec2u(0u, 1u);`,
    `  for (var p = 0u; p < params.pairs; p++) {`,
    ...text.product("x", "pair"),
    `    pair = after(pair);`,
    `    let ds = kept_pulls[at + p].y;`,
    ...units.flatMap((r) => [
      `    let z${r} = ${text.dot(of("c", r), "x", `w${r}_`)};`,
      `    let g${r} = select(0.0, ds * ${of("h", r)}, z${r} > 0.0);`,
      `    sums${r} += vec2f(g${r}, ds * max(z${r}, 0.0));`,
      ...text.each((c, type) => `    d${r}_${c} = fma(${type}(g${r}), x${c}, d${r}_${c});`),
    ]),
    `  }\n  }`,
    ...units.flatMap((r) => [
      `  if (unit + ${r}u < params.hidden) {`,
      `    let place${r} = slice * params.hidden + unit + ${r}u;`,
      `    partial_c[place${r}] = sums${r};`,
      ...text.numbers((d, number) => `    partial_w[place${r} * ${text.dim}u + ${d}u] = d${r}_${number};`),
      `  }`,
    ]),
    `}\n`,
  ].join("\n");
}
