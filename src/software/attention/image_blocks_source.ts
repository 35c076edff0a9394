/**
 * Text of self-attention over many fields with projections in images: each invocation keeps a block of queries (or keys)
 * of one head and sample in registers, so that a load of a key (or query) serves them all.
 *
 * @module
 */
import { ATTENTION_BINDINGS, IMAGE_ATTENTION_LANES } from "./images_source.ts";
import { cells, openEntry, range } from "../unrolled.ts";

const HEADER =
  `// Self-attention over many fields, head by head, from projections p = (q, k, v[, r]) side by side; needs image.wgsl.
//   forward  o[b, i, :] = act(sum_j w[i, j] v[b, j, :] + r[b, i, :]),  w[i, j] = exp(scale q_i . k_j - lse_i)
//   both     dz = act'(o) do;  dv_j = sum_i w[i, j] dz_i;  dq_i = sum_j ds[i, j] k_j;  dk_j = sum_i ds[i, j] q_i,
//            where ds[i, j] = scale w[i, j] (dz_i . v_j - delta_i) and delta_i = dz_i . (o_i - r_i)
// The forward takes one pass over the keys, some at a time, with a running maximum (online softmax), and saves lse, the
// logarithm of the sum of exponentials. Shapes as for few fields; delta [B, H, F].
// Grid: forward one invocation per block of queries, head and sample, of which those past the end repeat the last one;
// both one per head and sample. No workgroup memory, no atomics, sums in order of the fields: bit-reproducible.`;

/** Sizes that the text is unrolled for. */
export interface BlockSizes {
  readonly fields: number;
  /** Fours of a head. */
  readonly quads: number;
  /** Queries or keys in registers. */
  readonly block: number;
}

/** Keys that a query of the forward takes at a time, at most. */
const MOST_KEYS = 4;

/** Writes the kernels. */
export function blockAttentionSource(sizes: BlockSizes): string {
  return [HEADER, ATTENTION_BINDINGS, forward(sizes), both(sizes)].join("\n");
}

/** Returns how many keys at a time leave the fewest over, and among those the most. */
function keysAtOnce(fields: number): number {
  const rest = (keys: number): number => Math.ceil(fields / keys) * keys;
  return [MOST_KEYS, MOST_KEYS - 1].reduce((best, keys) => rest(keys) < rest(best) ? keys : best);
}

function inParts(row: string, part: number, c: number): string {
  return `(${row}) * params.stride + ${part}u * params.width + column + ${c}u`;
}

/** Declares `name{c}`, row `row` of a part of the projections. */
function load(quads: number, name: string, row: string, part: number, factor = ""): string[] {
  return range(quads).map((c) => `let ${name}${c} = ${factor}textureLoad(p, texel(${inParts(row, part, c)}));`);
}

/** Declares `name`, the dot product of `a{c}` and `b{c}`. */
function dot(quads: number, name: string, a: string, b: string): string {
  const terms = range(quads).flatMap((c) => [..."xyzw"].map((t) => [`${a}${c}.${t}`, `${b}${c}.${t}`]));
  const [[x, y], ...rest] = terms;
  return `var ${name} = ${x} * ${y};${rest.map(([x, y]) => ` ${name} = fma(${x}, ${y}, ${name});`).join("")}`;
}

function forward({ fields, quads, block }: BlockSizes): string {
  const blocks = Math.ceil(fields / block);
  const keys = keysAtOnce(fields);
  const row = (r: number): string => `min(id % ${blocks}u * ${block}u + ${r}u, ${fields - 1}u)`;
  const isPast = (key: number): boolean => key >= (fields % keys || keys);
  return [
    openEntry("forward", IMAGE_ATTENTION_LANES),
    `  let id = min(i, params.batch * params.heads * ${blocks}u - 1u);`,
    `  let pair = id / ${blocks}u;`,
    `  let row = pair / params.heads * ${fields}u;`,
    `  let column = pair % params.heads * ${quads}u;`,
    ...range(block).flatMap((r) => [
      `  let i${r} = ${row(r)};`,
      ...load(quads, `q${r}_`, `row + i${r}`, 0, "params.scale * "),
      `  var top${r} = -3.0e38;\n  var sum${r} = 0.0;`,
      ...range(quads).map((c) => `  var out${r}_${c} = vec4f();`),
    ]),
    `  for (var j = 0u; j < ${fields}u; j += ${keys}u) {`,
    ...range(keys).flatMap((key) => [
      `    let j${key} = ${isPast(key) ? `min(j + ${key}u, ${fields - 1}u)` : `j + ${key}u`};`,
      ...load(quads, `k${key}_`, `row + j${key}`, 1),
      ...load(quads, `v${key}_`, `row + j${key}`, 2),
    ]),
    ...range(block).flatMap((r) => take(r, keys, quads, (key) => isPast(key) ? `j + ${key}u < ${fields}u` : "")),
    `  }`,
    ...range(block).flatMap((r) => [
      `  lse[(params.sample * params.heads + pair) * ${fields}u + i${r}] = top${r} + log(sum${r});`,
      ...range(quads).map((c) =>
        `  finish((params.sample * ${fields}u + row + i${r}) * params.width + column + ${c}u, ` +
        `${inParts(`row + i${r}`, 3, c)}, out${r}_${c} / sum${r});`
      ),
    ]),
    `}\n`,
  ].join("\n");
}

/** Takes some keys and values into the sums of a query. */
function take(r: number, keys: number, quads: number, condition: (key: number) => string): string[] {
  const s = (key: number): string => `s${r}_${key}`;
  return [
    ...range(keys).flatMap((key) => [
      `    ${dot(quads, s(key), `q${r}_`, `k${key}_`)}`,
      ...(condition(key) ? [`    ${s(key)} = select(-3.0e38, ${s(key)}, ${condition(key)});`] : []),
    ]),
    `    let next${r} = ${range(keys).reduce((top, key) => `max(${top}, ${s(key)})`, `top${r}`)};`,
    `    let fade${r} = exp(top${r} - next${r});`,
    `    top${r} = next${r};`,
    ...range(keys).map((key) => `    ${s(key)} = exp(${s(key)} - next${r});`),
    `    sum${r} = fma(sum${r}, fade${r}, ${range(keys).map(s).join(" + ")});`,
    ...range(quads).map((c) => {
      const sum = `out${r}_${c}`;
      const terms = range(keys).map((key) => ` ${sum} = fma(vec4f(${s(key)}), v${key}_${c}, ${sum});`);
      return `    ${sum} *= fade${r};${terms.join("")}`;
    }),
  ];
}

function both({ fields, quads, block }: BlockSizes): string {
  const isPast = (r: number): boolean => r >= (fields % block || block);
  const guarded = (r: number, lines: string[]): string[] =>
    isPast(r) ? [`    if (block + ${r}u < ${fields}u) {`, ...lines, `    }`] : lines;
  return [
    openEntry("both", IMAGE_ATTENTION_LANES),
    `  if (i >= params.batch * params.heads) { return; }`,
    `  let row = i / params.heads * ${fields}u;`,
    `  let first = params.sample * ${fields}u + row;`,
    `  let column = i % params.heads * ${quads}u;`,
    `  let saved = (params.sample * params.heads + i) * ${fields}u;`,
    `  for (var i = 0u; i < ${fields}u; i++) {`,
    `    var product = vec4f();`,
    ...range(quads).map((c) =>
      `    product += prepare((first + i) * params.width + column + ${c}u, ` +
      `${inParts("row + i", 3, c)}, ${inParts("first + i", 3, c)});`
    ),
    `    delta[saved + i] = (product.x + product.y) + (product.z + product.w);`,
    `  }`,
    `  for (var block = 0u; block < ${fields}u; block += ${block}u) {`,
    ...range(block).flatMap((r) => [
      `    let j${r} = ${isPast(r) ? `min(block + ${r}u, ${fields - 1}u)` : `block + ${r}u`};`,
      ...load(quads, `k${r}_`, `row + j${r}`, 1, "params.scale * "),
      ...load(quads, `v${r}_`, `row + j${r}`, 2),
    ]),
    ...cells(block, quads).map(([r, c]) => `    var dk${r}_${c} = vec4f();\n    var dv${r}_${c} = vec4f();`),
    `    for (var i = 0u; i < ${fields}u; i++) {`,
    ...load(quads, "q", "row + i", 0),
    ...range(quads).map((c) =>
      `      let z${c} = dz[(first + i) * params.width + column + ${c}u];\n      var dq${c} = vec4f();`
    ),
    `      if (block > 0u) {`,
    ...range(quads).map((c) => `        dq${c} = dp[${inParts("first + i", 0, c)}];`),
    `      }`,
    `      let level = lse[saved + i];`,
    `      let share = delta[saved + i];`,
    ...range(block).flatMap((r) => pair(r, quads, isPast(r) ? `block + ${r}u < ${fields}u` : "")),
    ...range(quads).map((c) => {
      const terms = range(block).map((r) => ` dq${c} = fma(vec4f(ds${r}), k${r}_${c}, dq${c});`);
      return `     ${terms.join("")}\n      dp[${inParts("first + i", 0, c)}] = dq${c};`;
    }),
    `    }`,
    ...range(block).flatMap((r) =>
      guarded(
        r,
        range(quads).map((c) =>
          `      dp[${inParts(`first + j${r}`, 1, c)}] = params.scale * dk${r}_${c};\n` +
          `      dp[${inParts(`first + j${r}`, 2, c)}] = dv${r}_${c};`
        ),
      )
    ),
    `  }`,
    `}\n`,
  ].join("\n");
}

/** Takes a query into the sums of a key. */
function pair(r: number, quads: number, condition: string): string[] {
  const weight = `exp(s${r} - level)`;
  return [
    `      ${dot(quads, `s${r}`, "q", `k${r}_`)}`,
    `      let w${r} = ${condition ? `select(0.0, ${weight}, ${condition})` : weight};`,
    `      ${dot(quads, `d${r}`, "z", `v${r}_`)}`,
    `      let ds${r} = w${r} * (d${r} - share);`,
    ...range(quads).map((c) =>
      `      dk${r}_${c} = fma(vec4f(ds${r}), q${c}, dk${r}_${c});\n` +
      `      dv${r}_${c} = fma(vec4f(w${r}), z${c}, dv${r}_${c});`
    ),
  ];
}
