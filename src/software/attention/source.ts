/**
 * Text of self-attention over fields: each invocation keeps some queries (or keys) of one head in registers, so that a
 * load of a key (or query) serves them all. The text is unrolled, because registers cannot be indexed in a loop.
 *
 * @module
 */
import { cells, openEntry, range } from "../unrolled.ts";

/** Invocations of a workgroup of the kernels made here. */
const ATTENTION_LANES = 64;

const HEADER = `// Self-attention over fields, head by head, from projections p = (q, k, v[, r]) side by side.
//   forward   o[b, i, :] = act(sum_j w[i, j] v[b, j, :] + r[b, i, :]),  w[i, j] = exp(scale q_i . k_j - lse_i)
//   queries   dz = act'(o) do;  delta_i = sum_j w[i, j] dz_i . v_j;  dq_i = scale sum_j w[i, j] (dz_i . v_j - delta_i) k_j
//   keys      dv_j = sum_i w[i, j] dz_i;  dk_j = scale sum_i w[i, j] (dz_i . v_j - delta_i) q_i
//   both      the last two in one for each sample and head, which computes w once; delta_i = dz_i . (o_i - r_i)
//   weights   w[b, h, i, j]
// The forward takes one pass over the keys, two at a time, with a running maximum (online softmax) and saves lse, the
// logarithm of the sum of exponentials; the gradients recompute w. Shapes: p, dp [B, F, stride], o, do, dz [B, F, A];
// lse, delta [B, H, F]; w [B, H, F, F]; p, dp, o, do and dz by lanes along a head.
// Grid: one invocation per block of queries (or keys) of a head and sample (both: per head and sample); rows past the end repeat the last one.
// No workgroup memory, no atomics, sums in order of the fields: bit-reproducible.
struct Params {
  batch: u32,
  fields: u32,
  heads: u32,
  width: u32,     // lanes of o
  stride: u32,    // lanes of p
  r_width: u32,   // lanes of the tensor that r is in
  r_first: u32,   // lane at which r begins in it
  scale: f32,
}
override RELU: bool = false;
override RESIDUAL: bool = false;  // whether there is r
override PACKED: bool = false;    // whether r is part of p
@group(0) @binding(0) var<storage, read> p: array<Lane>;
@group(0) @binding(1) var<storage, read> r: array<Lane>;
@group(0) @binding(2) var<storage, read_write> o: array<Lane>;
@group(0) @binding(3) var<storage, read_write> lse: array<f32>;
@group(0) @binding(4) var<storage, read> y: array<Lane>;
@group(0) @binding(5) var<storage, read> dy: array<Lane>;
@group(0) @binding(6) var<storage, read_write> dz: array<Lane>;
@group(0) @binding(7) var<storage, read_write> dp: array<Lane>;
@group(0) @binding(8) var<storage, read_write> delta: array<f32>;
@group(0) @binding(9) var<storage, read_write> w: array<f32>;
@group(0) @binding(10) var<uniform> params: Params;

fn finish(at: u32, place: u32, sum: Lane) {
  var result = sum;
  if (RESIDUAL) { result += r[place]; }
  if (RELU) { result = max(result, Lane()); }
  o[at] = result;
}

// Writes one lane of dz, and 0 to dq; returns its share of delta.
fn prepare(row: u32, c: u32) -> Lane {
  let at = row * params.width + c;
  let d = slope(at);
  dz[at] = d;
  dp[row * params.stride + c] = Lane();
  if (PACKED) { dp[row * params.stride + 3u * params.width + c] = d; }
  if (RESIDUAL) { return d * (y[at] - r[row * params.r_width + params.r_first + c]); }
  return d * y[at];
}

fn slope(at: u32) -> Lane {
  if (RELU) { return select(Lane(), dy[at], y[at] > Lane()); }
  return dy[at];
}
`;

/**
 * Writes the kernels.
 *
 * @param lanes lanes of a head
 * @param block queries or keys of one invocation
 */
export function attentionSource(lanes: number, block: number): string {
  const parts = { lanes: range(lanes), rows: range(block) };
  return [HEADER, forward(parts), queries(parts), keys(parts), both(parts), weights(parts)].join("\n");
}

interface Parts {
  readonly lanes: readonly number[];
  readonly rows: readonly number[];
}

/** Finds sample, head and rows of an invocation. */
function places({ lanes, rows }: Parts, entry: string): string[] {
  return [
    openEntry(entry, ATTENTION_LANES, "id"),
    `  let blocks = (params.fields + ${rows.length - 1}u) / ${rows.length}u;`,
    `  let head = id / blocks % params.heads;`,
    `  let sample = id / blocks / params.heads;`,
    `  if (sample >= params.batch) { return; }`,
    `  let first = sample * params.fields;`,
    `  let column = head * ${lanes.length}u;`,
    `  let saved = (sample * params.heads + head) * params.fields;`,
    ...rows.map((i) => `  let i${i} = min(id % blocks * ${rows.length}u + ${i}u, params.fields - 1u);`),
  ];
}

/** Declares `name{i}_{c}` from an array at a place of each row. */
function load(parts: Parts, name: string, from: (i: number, c: number) => string): string[] {
  return cells(parts.rows.length, parts.lanes.length).map(([i, c]) => `  let ${name}${i}_${c} = ${from(i, c)};`);
}

function dot({ lanes }: Parts, a: string, b: string): string {
  return `total(${lanes.slice(1).reduce((sum, c) => `fma(${a}_${c}, ${b}_${c}, ${sum})`, `${a}_0 * ${b}_0`)})`;
}

function forward(parts: Parts): string {
  const { lanes, rows } = parts;
  return [
    ...places(parts, "forward"),
    ...load(parts, "q", (i, c) => `params.scale * p[(first + i${i}) * params.stride + column + ${c}u]`),
    ...rows.map((i) => `  var top${i} = -3.0e38;\n  var sum${i} = 0.0;`),
    ...cells(parts.rows.length, parts.lanes.length).map(([i, c]) => `  var out${i}_${c} = Lane();`),
    `  for (var j = 0u; j < params.fields; j += 2u) {`,
    `    let last = min(j + 1u, params.fields - 1u);`,
    `    let at = (first + j) * params.stride + params.width + column;`,
    `    let at_last = (first + last) * params.stride + params.width + column;`,
    ...lanes.map((c) =>
      `    let k_${c} = p[at + ${c}u];\n    let v_${c} = p[at + params.width + ${c}u];\n` +
      `    let l_${c} = p[at_last + ${c}u];\n    let u_${c} = p[at_last + params.width + ${c}u];`
    ),
    ...rows.flatMap((i) => [
      `    let s${i} = ${dot(parts, `q${i}`, "k")};`,
      `    let t${i} = select(-3.0e38, ${dot(parts, `q${i}`, "l")}, last > j);`,
      `    let next${i} = max(max(top${i}, s${i}), t${i});`,
      `    let fade${i} = exp(top${i} - next${i});`,
      `    let e${i} = exp(s${i} - next${i});`,
      `    let f${i} = exp(t${i} - next${i});`,
      `    top${i} = next${i};`,
      `    sum${i} = sum${i} * fade${i} + (e${i} + f${i});`,
      ...lanes.map((c) =>
        `    out${i}_${c} = fma(out${i}_${c}, Lane(fade${i}), fma(Lane(e${i}), v_${c}, f${i} * u_${c}));`
      ),
    ]),
    `  }`,
    ...rows.flatMap((i) => [
      `  let row${i} = first + i${i};`,
      ...lanes.map((c) =>
        `  finish(row${i} * params.width + column + ${c}u, ` +
        `row${i} * params.r_width + params.r_first + column + ${c}u, out${i}_${c} / sum${i});`
      ),
      `  lse[saved + i${i}] = top${i} + log(sum${i});`,
    ]),
    `}\n`,
  ].join("\n");
}

function queries(parts: Parts): string {
  const { lanes, rows } = parts;
  return [
    ...places(parts, "queries"),
    ...load(parts, "q", (i, c) => `params.scale * p[(first + i${i}) * params.stride + column + ${c}u]`),
    ...load(parts, "d", (i, c) => `slope((first + i${i}) * params.width + column + ${c}u)`),
    ...rows.map((i) => `  let lse${i} = lse[saved + i${i}];\n  var delta${i} = 0.0;`),
    ...cells(parts.rows.length, parts.lanes.length).map(([i, c]) =>
      `  var sum${i}_${c} = Lane();\n  var mean${i}_${c} = Lane();`
    ),
    `  for (var j = 0u; j < params.fields; j++) {`,
    `    let at = (first + j) * params.stride + params.width + column;`,
    ...lanes.map((c) => `    let k_${c} = p[at + ${c}u];\n    let v_${c} = p[at + params.width + ${c}u];`),
    ...rows.flatMap((i) => [
      `    let w${i} = exp(${dot(parts, `q${i}`, "k")} - lse${i});`,
      `    let dw${i} = w${i} * ${dot(parts, `d${i}`, "v")};`,
      `    delta${i} += dw${i};`,
      ...lanes.map((c) =>
        `    sum${i}_${c} = fma(Lane(dw${i}), k_${c}, sum${i}_${c});\n` +
        `    mean${i}_${c} = fma(Lane(w${i}), k_${c}, mean${i}_${c});`
      ),
    ]),
    `  }`,
    ...rows.flatMap((i) => [
      `  delta[saved + i${i}] = delta${i};`,
      `  let at${i} = (first + i${i}) * params.stride + column;`,
      ...lanes.map((c) =>
        `  dp[at${i} + ${c}u] = params.scale * (sum${i}_${c} - delta${i} * mean${i}_${c});\n` +
        `  dz[(first + i${i}) * params.width + column + ${c}u] = d${i}_${c};\n` +
        `  if (PACKED) { dp[at${i} + 3u * params.width + ${c}u] = d${i}_${c}; }`
      ),
    ]),
    `}\n`,
  ].join("\n");
}

function keys(parts: Parts): string {
  const { lanes, rows } = parts;
  const at = (i: number): string => `(first + i${i}) * params.stride + column`;
  return [
    ...places(parts, "keys"),
    ...load(parts, "k", (i, c) => `params.scale * p[${at(i)} + params.width + ${c}u]`),
    ...load(parts, "v", (i, c) => `p[${at(i)} + 2u * params.width + ${c}u]`),
    ...cells(parts.rows.length, parts.lanes.length).map(([i, c]) =>
      `  var dk${i}_${c} = Lane();\n  var dv${i}_${c} = Lane();`
    ),
    `  for (var j = 0u; j < params.fields; j++) {`,
    ...lanes.map((c) =>
      `    let q_${c} = p[(first + j) * params.stride + column + ${c}u];\n` +
      `    let d_${c} = dz[(first + j) * params.width + column + ${c}u];`
    ),
    `    let level = lse[saved + j];`,
    `    let share = delta[saved + j];`,
    ...rows.flatMap((i) => [
      `    let w${i} = exp(${dot(parts, "q", `k${i}`)} - level);`,
      `    let ds${i} = w${i} * (${dot(parts, "d", `v${i}`)} - share);`,
      ...lanes.map((c) =>
        `    dk${i}_${c} = fma(Lane(ds${i}), q_${c}, dk${i}_${c});\n` +
        `    dv${i}_${c} = fma(Lane(w${i}), d_${c}, dv${i}_${c});`
      ),
    ]),
    `  }`,
    ...cells(parts.rows.length, parts.lanes.length).map(([i, c]) =>
      `  dp[${at(i)} + params.width + ${c}u] = params.scale * dk${i}_${c};\n` +
      `  dp[${at(i)} + 2u * params.width + ${c}u] = dv${i}_${c};`
    ),
    `}\n`,
  ].join("\n");
}

function both(parts: Parts): string {
  const { lanes, rows } = parts;
  const at = (i: string): string => `(first + ${i}) * params.stride + column`;
  return [
    openEntry("both", ATTENTION_LANES, "id"),
    `  let head = id % params.heads;`,
    `  let sample = id / params.heads;`,
    `  if (sample >= params.batch) { return; }`,
    `  let first = sample * params.fields;`,
    `  let column = head * ${lanes.length}u;`,
    `  let saved = id * params.fields;`,
    `  for (var i = 0u; i < params.fields; i++) {`,
    `    var product = Lane();`,
    ...lanes.map((c) => `    product += prepare(first + i, column + ${c}u);`),
    `    delta[saved + i] = total(product);`,
    `  }`,
    `  for (var block = 0u; block < params.fields; block += ${rows.length}u) {`,
    ...rows.map((r) => `    let j${r} = min(block + ${r}u, params.fields - 1u);`),
    ...load(parts, "k", (r, c) => `params.scale * p[${at(`j${r}`)} + params.width + ${c}u]`),
    ...load(parts, "v", (r, c) => `p[${at(`j${r}`)} + 2u * params.width + ${c}u]`),
    ...cells(parts.rows.length, parts.lanes.length).map(([r, c]) =>
      `    var dk${r}_${c} = Lane();\n    var dv${r}_${c} = Lane();`
    ),
    `    for (var i = 0u; i < params.fields; i++) {`,
    ...lanes.map((c) =>
      `      let q_${c} = p[${at("i")} + ${c}u];\n` +
      `      let d_${c} = dz[(first + i) * params.width + column + ${c}u];\n` +
      `      var dq_${c} = dp[${at("i")} + ${c}u];`
    ),
    `      let level = lse[saved + i];`,
    `      let share = delta[saved + i];`,
    ...rows.flatMap((r) => [
      `      let w${r} = select(0.0, exp(${dot(parts, "q", `k${r}`)} - level), block + ${r}u < params.fields);`,
      `      let ds${r} = w${r} * (${dot(parts, "d", `v${r}`)} - share);`,
      ...lanes.map((c) =>
        `      dk${r}_${c} = fma(Lane(ds${r}), q_${c}, dk${r}_${c});\n` +
        `      dv${r}_${c} = fma(Lane(w${r}), d_${c}, dv${r}_${c});\n` +
        `      dq_${c} = fma(Lane(ds${r}), k${r}_${c}, dq_${c});`
      ),
    ]),
    ...lanes.map((c) => `      dp[${at("i")} + ${c}u] = dq_${c};`),
    `    }`,
    ...rows.flatMap((r) => [
      `    if (block + ${r}u < params.fields) {`,
      ...lanes.map((c) =>
        `      dp[${at(`j${r}`)} + params.width + ${c}u] = params.scale * dk${r}_${c};\n` +
        `      dp[${at(`j${r}`)} + 2u * params.width + ${c}u] = dv${r}_${c};`
      ),
      `    }`,
    ]),
    `  }`,
    `}\n`,
  ].join("\n");
}

function weights({ lanes }: Parts): string {
  return [
    openEntry("weights", ATTENTION_LANES, "id"),
    `  let i = id / params.fields % params.fields;`,
    `  let head = id / params.fields / params.fields % params.heads;`,
    `  let sample = id / params.fields / params.fields / params.heads;`,
    `  if (sample >= params.batch) { return; }`,
    `  let column = head * ${lanes.length}u;`,
    `  let q = (sample * params.fields + i) * params.stride + column;`,
    `  let k = (sample * params.fields + id % params.fields) * params.stride + params.width + column;`,
    `  var s = Lane();`,
    `  for (var c = 0u; c < ${lanes.length}u; c++) { s += p[q + c] * p[k + c]; }`,
    `  w[id] = exp(params.scale * total(s) - lse[id / params.fields]);`,
    `}\n`,
  ].join("\n");
}
