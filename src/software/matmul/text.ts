/**
 * What the texts of register-blocked matrix products share: where a block lies, its sums, and what becomes of them.
 *
 * @module
 */
import { cells, openEntry, range } from "../unrolled.ts";

/**
 * Where the i-th of `across` times `down` blocks lies: along strips of some blocks, so that neighbours, which run side by
 * side, share rows as well as columns.
 */
export const STRIPS = `const STRIP = 4u;  // blocks side by side in a strip, the last one excepted

fn block_of(i: u32, across: u32, down: u32) -> vec2u {
  let strip = min(i / (STRIP * down), (across - 1u) / STRIP);
  let width = min(STRIP, across - strip * STRIP);
  let rest = i - strip * STRIP * down;
  return vec2u(rest / width, strip * STRIP + rest % width);
}
`;

/** Where it lies row by row. */
export const ROWS = `fn block_of(i: u32, across: u32, down: u32) -> vec2u {
  return vec2u(i / across, i % across);
}
`;

/** What is done to a sum: bias and relu; needs `bias`, `params` and `y`. */
export const FINISH = `fn bias_quad(quad: u32) -> vec4f {
  if (params.has_bias == 0u) { return vec4f(); }
  let first = 4u * quad;
  let last = params.n - 1u;
  return vec4f(
    bias[min(first, last)], bias[min(first + 1u, last)], bias[min(first + 2u, last)], bias[min(first + 3u, last)],
  );
}

fn finish(z: vec4f) -> vec4f {
  return select(z, vec4f(), vec4<bool>(params.has_relu != 0u) & (z < vec4f()));
}
`;

/** What a cross layer does to a sum, and the bindings for it. */
export const CROSS = `override KEEPS_PRODUCT: bool = true;
@group(0) @binding(6) var<storage, read> x0: array<vec4f>;
@group(0) @binding(7) var<storage, read> x: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> product_out: array<vec4f>;

fn cross_with(at: u32, z: vec4f) {
  if (KEEPS_PRODUCT) { product_out[at] = z; }
  y[at] = x0[at] * z + x[at];
}
`;

/** Writes the statement that hands a sum to {@linkcode CROSS}. */
export function storeCross(at: string, sum: string): string {
  return `cross_with(${at}, ${sum});`;
}

/** What of a product one invocation computes. */
export interface Block {
  /** Rows; a multiple of 4. */
  readonly rows: number;
  /** Columns; a multiple of 4. */
  readonly columns: number;
  /** Invocations of a subgroup, which share their columns and take blocks below each other; 1 where all are by themselves. */
  readonly shared: number;
}

/** A kernel of register blocks, whatever its factors are read from. */
export interface BlockText {
  readonly block: Block;
  /** Invocations of a workgroup. */
  readonly lanes: number;
  /** Lines that add all terms to the sums. */
  readonly terms: readonly string[];
  /** Writes what a sum starts from, given its place in y. @default zeros */
  readonly start?: (at: string) => string;
}

/** A product by rows. */
export interface RowsText extends BlockText {
  readonly name: string;
  /** Parameter with the distance of the rows of a. */
  readonly stride: string;
  /** Writes a row of y. */
  readonly row: (row: number) => string;
  /** Writes the statement that stores a sum. @default the sum, finished */
  readonly store?: (at: string, sum: string) => string;
}

/** Writes the kernel of y = a b, with rows row0, ... from a0, ... on and columns b0, ... of a block. */
export function rowsText(text: RowsText): string {
  const { block, terms, start = fromZero, stride, row, store = (at, sum) => `y[${at}] = finish(${sum});` } = text;
  const quads = range(block.columns / 4);
  const sums = cells(block.rows, block.columns / 4);
  const at = (r: number, q: number): string => `${row(r)} * params.quads + b${q}`;
  const leave = `  if (row >= params.m) { return; }`;
  // An invocation without rows has factors to fetch for its subgroup all the same.
  const [early, late] = block.shared > 1 ? [[], [leave]] : [[leave], []];
  return [
    opening(text, text.name),
    `  let block = block_of(${unitOf(block)}, across, ${ceilDiv("params.m", block.rows * block.shared)});`,
    `  let row = ${belowOf(block, "block.x")} * ${block.rows}u;`,
    `  let quad = block.y * ${quads.length}u;`,
    ...early,
    ...range(block.rows).map((r) =>
      `  let row${r} = min(row + ${r}u, params.m - 1u);\n  let a${r} = row${r} * params.${stride};`
    ),
    ...quads.map((q) => `  let b${q} = min(quad + ${q}u, params.quads - 1u);`),
    ...sums.map(([r, q]) => `  var sum${r}_${q} = ${start(at(r, q))};`),
    ...terms,
    ...late,
    ...quads.map((q) => `  let bias${q} = bias_quad(b${q});`),
    ...sums.map(([r, q]) => `  ${store(at(r, q), `sum${r}_${q} + bias${q}`)}`),
    `}\n`,
  ].join("\n");
}

/** A product by columns, of the terms `first` to `end` of a slice. */
export interface ColumnsText extends BlockText {
  /** First row of y of the slice. */
  readonly top: string;
}

/** Writes the kernel of y = a^T b, with columns a0, ... and b0, ... of a block. */
export function columnsText(text: ColumnsText): string {
  const { block, terms, start = fromZero, top } = text;
  const [left, right] = [range(block.rows / 4), range(block.columns / 4)];
  const at = (r: number, q: number): string => `(top + 4u * a${r >> 2} + ${r % 4}u) * params.quads + b${q}`;
  const sums = cells(block.rows, block.columns / 4);
  return [
    opening(text, "product_tn"),
    `  let down = ${ceilDiv("params.a_quads", left.length * block.shared)};`,
    `  let unit = ${unitOf(block)};`,
    `  let slice = unit / (across * down);`,
    `  let first = slice * params.slice_rows;`,
    `  if (first >= params.k) { return; }`,
    `  let block = block_of(unit % (across * down), across, down);`,
    `  let row_quad = ${belowOf(block, "block.x")} * ${left.length}u;`,
    `  let quad = block.y * ${right.length}u;`,
    ...left.map((q) => `  let a${q} = min(row_quad + ${q}u, params.a_quads - 1u);`),
    ...right.map((q) => `  let b${q} = min(quad + ${q}u, params.quads - 1u);`),
    `  let end = min(first + params.slice_rows, params.k);`,
    `  let top = ${top};`,
    ...sums.map(([r, q]) => `  var sum${r}_${q} = ${start(at(r, q))};`),
    ...terms,
    // Those past the end would store what another invocation does.
    ...block.shared > 1 ? [`  if (row_quad >= params.a_quads) { return; }`] : [],
    ...sums.map(([r, q]) => `  y[${at(r, q)}] = sum${r}_${q};`),
    `}\n`,
  ].join("\n");
}

function fromZero(): string {
  return "vec4f()";
}

function opening({ block, lanes }: BlockText, name: string): string {
  return `${openEntry(name, lanes)}
  let across = ${ceilDiv("params.quads", block.columns / 4)};`;
}

/** Writes the number of what works on its own: an invocation, or a subgroup. */
function unitOf({ shared }: Block): string {
  return shared > 1 ? `i / ${shared}u` : "i";
}

/** Writes the number, counted downwards, of the invocation's block in its unit's. */
function belowOf({ shared }: Block, unit: string): string {
  return shared > 1 ? `(${unit} * ${shared}u + i % ${shared}u)` : unit;
}

function ceilDiv(size: string, divisor: number): string {
  return `(${size} + ${divisor - 1}u) / ${divisor}u`;
}
