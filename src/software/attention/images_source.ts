/**
 * Text of self-attention over few fields with projections in images: each invocation keeps all scores of one head and
 * sample in registers, so that a load serves all fields. The text is unrolled, because registers cannot be indexed.
 *
 * @module
 */
import { cells, openEntry, range } from "../unrolled.ts";

/** Invocations of a workgroup of the kernels made here. */
export const IMAGE_ATTENTION_LANES = 16;

const HEADER =
  `// Self-attention over few fields, head by head, from projections p = (q, k, v[, r]) side by side; needs image.wgsl.
//   forward  o[b, i, :] = act(sum_j w[i, j] v[b, j, :] + r[b, i, :]),  w[i, j] = exp(scale q_i . k_j - lse_i)
//   both     dz = act'(o) do;  dv_j = sum_i w[i, j] dz_i;  dq_i = sum_j ds[i, j] k_j;  dk_j = sum_i ds[i, j] q_i,
//            where ds[i, j] = scale w[i, j] (dz_i . v_j - sum_m w[i, m] dz_i . v_m)
// The forward saves lse, the logarithm of the sum of exponentials. Shapes by fours along a head: p, dp [B, F, stride],
// o, do, dz [B, F, A]; lse [B, H, F]. The image holds a piece of p, the batch of a dispatch.
// Grid: one invocation per sample and head; those past the end repeat the last one, so that no load needs a branch.
// No workgroup memory, no atomics, sums in order of the fields: bit-reproducible.`;

/** What all kernels of attention with projections in images bind. */
export const ATTENTION_BINDINGS = `
struct Params {
  batch: u32,     // samples in the image
  sample: u32,    // the first of them
  heads: u32,
  quads: u32,     // fours of a head
  width: u32,     // fours of o
  stride: u32,    // fours of p
  scale: f32,
}
override RELU: bool = false;
override RESIDUAL: bool = false;  // whether there is r
override PACKED: bool = false;    // whether r is part of p
@group(0) @binding(0) var p: texture_storage_2d<rgba32float, read>;
@group(0) @binding(1) var<storage, read> r: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> o: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> lse: array<f32>;
@group(0) @binding(4) var<storage, read> y: array<vec4f>;
@group(0) @binding(5) var<storage, read> dy: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> dz: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> dp: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> delta: array<f32>;
@group(0) @binding(9) var<uniform> params: Params;

fn finish(at: u32, place: u32, sum: vec4f) {
  var result = sum;
  if (PACKED) {
    result += textureLoad(p, texel(place));
  } else if (RESIDUAL) {
    result += r[at];
  }
  if (RELU) { result = max(result, vec4f()); }
  o[at] = result;
}

fn slope(at: u32) -> vec4f {
  if (RELU) { return select(vec4f(), dy[at], y[at] > vec4f()); }
  return dy[at];
}

// Returns four numbers of dz, and writes them where they are the residual's gradient.
fn residual_slope(at: u32, place: u32) -> vec4f {
  let d = slope(at);
  if (PACKED) {
    dp[place] = d;
  } else if (RESIDUAL && RELU) {
    dz[at] = d;
  }
  return d;
}

// Writes four numbers of dz; returns their share of delta.
fn prepare(at: u32, place: u32, d_place: u32) -> vec4f {
  let d = slope(at);
  dz[at] = d;
  if (PACKED) {
    dp[d_place] = d;
    return d * (y[at] - textureLoad(p, texel(place)));
  }
  if (RESIDUAL) { return d * (y[at] - r[at]); }
  return d * y[at];
}
`;

/** Writes the kernels. */
export function imageAttentionSource(fields: number): string {
  return [HEADER, ATTENTION_BINDINGS, forward(range(fields)), both(range(fields))].join("\n");
}

type Fields = readonly number[];

/** Finds the rows and columns of an invocation, in the image and in the tensors. */
function places(fields: Fields, entry: string): string[] {
  return [
    openEntry(entry, IMAGE_ATTENTION_LANES),
    `  let id = min(i, params.batch * params.heads - 1u);`,
    `  let row = id / params.heads * ${fields.length}u;`,
    `  let first = row + params.sample * ${fields.length}u;`,
    `  let saved = (params.sample * params.heads + id) * ${fields.length}u;`,
    `  let column = id % params.heads * params.quads;`,
  ];
}

/** Loads four numbers of a part of the projections for all fields. */
function load(fields: Fields, name: string, part: number): string[] {
  return fields.map((i) => `    let ${name}${i} = textureLoad(p, texel(${inParts("row", i, part)}));`);
}

function inParts(row: string, i: number, part: number): string {
  return `(${row} + ${i}u) * params.stride + ${part}u * params.width + column + c`;
}

function inResult(i: number): string {
  return `(first + ${i}u) * params.width + column + c`;
}

/** Adds four terms of the products of all `a` with all `b`, to each sum at once. */
function addDots(fields: Fields, sum: string, a: string, b: string): string[] {
  return cells(fields.length, fields.length).map(([i, j]) => {
    const cell = `${sum}${i}_${j}`;
    return "    " + [..."xyzw"].map((t) => `${cell} = fma(${a}${i}.${t}, ${b}${j}.${t}, ${cell});`).join(" ");
  });
}

/** Declares `name`, the sum over fields of a number times a vector. */
function blend(fields: Fields, name: string, number: (i: number) => string, vector: string): string {
  const rest = fields.slice(1).map((i) => ` ${name} = fma(vec4f(${number(i)}), ${vector}${i}, ${name});`);
  return `    var ${name} = ${number(0)} * ${vector}0;${rest.join("")}`;
}

/** Computes q_i . k_j. */
function scores(fields: Fields): string[] {
  return [
    ...cells(fields.length, fields.length).map(([i, j]) => `  var s${i}_${j} = 0.0;`),
    `  for (var c = 0u; c < params.quads; c++) {`,
    ...load(fields, "q", 0),
    ...load(fields, "k", 1),
    ...addDots(fields, "s", "q", "k"),
    `  }`,
  ];
}

function forward(fields: Fields): string {
  const row = (i: number): string[] => fields.map((j) => `s${i}_${j}`);
  return [
    ...places(fields, "forward"),
    ...scores(fields),
    ...fields.flatMap((i) => [
      ...row(i).map((s) => `  ${s} *= params.scale;`),
      `  let top${i} = ${row(i).reduce((top, s) => `max(${top}, ${s})`)};`,
      ...row(i).map((s) => `  ${s} = exp(${s} - top${i});`),
      `  let sum${i} = ${row(i).join(" + ")};`,
      `  let share${i} = 1.0 / sum${i};`,
      `  lse[saved + ${i}u] = top${i} + log(sum${i});`,
    ]),
    `  for (var c = 0u; c < params.quads; c++) {`,
    ...load(fields, "v", 2),
    ...fields.flatMap((i) => [
      blend(fields, `o${i}`, (j) => `s${i}_${j}`, "v"),
      `    finish(${inResult(i)}, ${inParts("row", i, 3)}, o${i} * share${i});`,
    ]),
    `  }`,
    `}\n`,
  ].join("\n");
}

function both(fields: Fields): string {
  const store = (i: number, part: number, name: string): string => `    dp[${inParts("first", i, part)}] = ${name};`;
  return [
    ...places(fields, "both"),
    ...scores(fields),
    ...fields.flatMap((i) => [
      `  let lse${i} = lse[saved + ${i}u];`,
      ...fields.map((j) => `  s${i}_${j} = exp(params.scale * s${i}_${j} - lse${i});`),
    ]),
    ...cells(fields.length, fields.length).map(([i, j]) => `  var d${i}_${j} = 0.0;`),
    `  for (var c = 0u; c < params.quads; c++) {`,
    ...load(fields, "v", 2),
    ...fields.map((i) => `    let z${i} = residual_slope(${inResult(i)}, ${inParts("first", i, 3)});`),
    ...addDots(fields, "d", "z", "v"),
    ...fields.flatMap((j) => [blend(fields, `dv${j}`, (i) => `s${i}_${j}`, "z"), store(j, 2, `dv${j}`)]),
    `  }`,
    ...fields.flatMap((i) => [
      ...fields.map((j) => `  d${i}_${j} *= s${i}_${j};`),
      `  let delta${i} = ${fields.map((j) => `d${i}_${j}`).join(" + ")};`,
      ...fields.map((j) => `  d${i}_${j} = params.scale * (d${i}_${j} - s${i}_${j} * delta${i});`),
    ]),
    `  for (var c = 0u; c < params.quads; c++) {`,
    ...load(fields, "q", 0),
    ...load(fields, "k", 1),
    ...fields.flatMap((i) => [
      blend(fields, `dq${i}`, (j) => `d${i}_${j}`, "k"),
      store(i, 0, `dq${i}`),
      blend(fields, `dk${i}`, (j) => `d${j}_${i}`, "q"),
      store(i, 1, `dk${i}`),
    ]),
    `  }`,
    `}\n`,
  ].join("\n");
}
