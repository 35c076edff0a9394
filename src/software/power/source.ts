/**
 * Text of products of powers of fields: register blocks, unrolled, because a loop over a block would have to index
 * private memory.
 *
 * @module
 */
import type { PowerTile } from "../../ops/interaction/power_kernels.ts";
import { openEntry, range } from "../unrolled.ts";

/** Invocations of a workgroup of the kernels made here. */
const POWER_LANES = 32;

const HEADER =
  `// Products of powers of fields, one register block per invocation: p[b, d, n] = exp(sum_f x[b, d, f] w[f, n]).
//   moments  partial[s, n] = (mean, sum of squares about it) of p over slice s of the valid rows and all d
//   form     r[b, d, n] = (p - mean[n]) scale[n] + shift[n] for a window of neurons
// Shapes: x [B, D, F], w [F, N], F and N by fours; table [7, N] with rows mean, scale and shift first; partial
// [S, neurons, 2]; r [B, D, window]; f32.
// Grid: moments one invocation per slice and block of neurons; form per row, block of d and block of neurons. p is
// never in memory: forming it again costs no more than reading it. No atomics, fixed order: bit-reproducible.
struct Params {
  batch: u32,
  dim: u32,      // D
  fields: u32,   // fours of F
  quads: u32,    // fours of N
  neurons: u32,
  first: u32,    // first four of the window
  window: u32,   // fours of the window
  slice: u32,    // rows in a slice
}
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> table: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> r: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> partial: array<vec2f>;
@group(0) @binding(5) var<uniform> params: Params;

fn rows_of(slice: u32) -> u32 {
  let rows = min(step.rows, params.batch);
  return min(params.slice, rows - min(rows, slice * params.slice));
}

fn keep(slice: u32, quad: u32, mean: vec4f, squares: vec4f) {
  let at = slice * params.neurons + 4u * quad;
  let rest = params.neurons - min(params.neurons, 4u * quad);
  if (rest > 0u) { partial[at] = vec2f(mean.x, squares.x); }
  if (rest > 1u) { partial[at + 1u] = vec2f(mean.y, squares.y); }
  if (rest > 2u) { partial[at + 2u] = vec2f(mean.z, squares.z); }
  if (rest > 3u) { partial[at + 3u] = vec2f(mean.w, squares.w); }
}
`;

/** Writes the kernels for blocks of one size. */
export function powerSource(block: PowerTile): string {
  return [HEADER, momentsSource(block), formSource(block)].join("\n");
}

/** Lines that sum z over the fields for the numbers from `c` on of row `b`. */
function sumsSource({ dims, quads }: PowerTile, indent: string): string[] {
  const [d, q] = [range(dims), range(quads)];
  const terms = (j: number, k: number): string =>
    "xyzw".split("").map((f, t) => `vec4f(x${k}.${f}) * w${j}_${t}`).join(" + ");
  return [
    ...d.map((k) => `let at${k} = (b * params.dim + min(c + ${k}u, params.dim - 1u)) * params.fields;`),
    ...d.flatMap((k) => q.map((j) => `var z${j}_${k} = vec4f();`)),
    `for (var f = 0u; f < params.fields; f++) {`,
    ...d.map((k) => `  let x${k} = x[at${k} + f];`),
    ...q.flatMap((j) => [
      ...range(4).map((t) => `  let w${j}_${t} = w[(4u * f + ${t}u) * params.quads + q${j}];`),
      ...d.map((k) => `  z${j}_${k} += ${terms(j, k)};`),
    ]),
    `}`,
  ].map((line) => indent + line);
}

function momentsSource(block: PowerTile): string {
  const [d, q] = [range(block.dims), range(block.quads)];
  return [
    openEntry("moments", POWER_LANES),
    `  let across = (params.quads + ${q.length - 1}u) / ${q.length}u;`,
    `  let slice = i / across;`,
    `  if (slice * params.slice >= params.batch) { return; }`,
    `  let quad = i % across * ${q.length}u;`,
    ...q.map((j) => `  let q${j} = min(quad + ${j}u, params.quads - 1u);`),
    ...q.map((j) => `  var origin${j} = vec4f(); var sum${j} = vec4f(); var squares${j} = vec4f();`),
    `  let count = rows_of(slice);`,
    `  for (var row = 0u; row < count; row++) {`,
    `    let b = slice * params.slice + row;`,
    `    for (var c = 0u; c < params.dim; c += ${d.length}u) {`,
    ...sumsSource(block, "      "),
    ...q.flatMap((j) => d.map((k) => `      let p${j}_${k} = exp(z${j}_${k});`)),
    `      if (row + c == 0u) {`,
    ...q.map((j) => `        origin${j} = (${d.map((k) => `p${j}_${k}`).join(" + ")}) / ${d.length}.0;`),
    `      }`,
    ...d.flatMap((k) => [
      `      let in${k} = c + ${k}u < params.dim;`,
      ...q.flatMap((j) => [
        `      let t${j}_${k} = select(vec4f(), p${j}_${k} - origin${j}, in${k});`,
        `      sum${j} += t${j}_${k};`,
        `      squares${j} += t${j}_${k} * t${j}_${k};`,
      ]),
    ]),
    `    }`,
    `  }`,
    `  let numbers = f32(max(count * params.dim, 1u));`,
    ...q.flatMap((j) => [
      `  let mean${j} = sum${j} / numbers;`,
      `  let rest${j} = max(squares${j} - sum${j} * mean${j}, vec4f());`,
      `  if (quad + ${j}u < params.quads) { keep(slice, quad + ${j}u, origin${j} + mean${j}, rest${j}); }`,
    ]),
    `}\n`,
  ].join("\n");
}

function formSource(block: PowerTile): string {
  const [d, q] = [range(block.dims), range(block.quads)];
  return [
    openEntry("form", POWER_LANES),
    `  let across = (params.window + ${q.length - 1}u) / ${q.length}u;`,
    `  let parts = (params.dim + ${d.length - 1}u) / ${d.length}u;`,
    `  let b = i / across / parts;`,
    `  if (b >= params.batch) { return; }`,
    `  let c = i / across % parts * ${d.length}u;`,
    `  let quad = i % across * ${q.length}u;`,
    ...q.map((j) => `  let q${j} = params.first + min(quad + ${j}u, params.window - 1u);`),
    ...sumsSource(block, "  "),
    ...q.flatMap((j) => [
      `  let mean${j} = table[q${j}];`,
      `  let scale${j} = table[params.quads + q${j}];`,
      `  let shift${j} = table[2u * params.quads + q${j}];`,
    ]),
    ...d.flatMap((k) => [
      `  if (c + ${k}u < params.dim) {`,
      `    let to = (b * params.dim + c + ${k}u) * params.window + quad;`,
      ...q.map((j) => {
        const store = `r[to + ${j}u] = (exp(z${j}_${k}) - mean${j}) * scale${j} + shift${j};`;
        return j === 0 ? `    ${store}` : `    if (quad + ${j}u < params.window) { ${store} }`;
      }),
      `  }`,
    ]),
    `}\n`,
  ].join("\n");
}
