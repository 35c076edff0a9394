/**
 * Attention among the places of a history.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import registersSource from "../../../shaders/sequence/history_attention_registers.wgsl" with { type: "text" };
import row16 from "../../../shaders/sequence/history_row16.wgsl" with { type: "text" };
import row32 from "../../../shaders/sequence/history_row32.wgsl" with { type: "text" };
import rowsSource from "../../../shaders/sequence/history_attention_rows.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/history_attention.wgsl" with { type: "text" };
import shared from "../../../shaders/sequence/history_places.wgsl" with { type: "text" };
import mask from "../../../shaders/sequence/history_mask.wgsl" with { type: "text" };
import placesSource from "../../../shaders/sequence/places.wgsl" with { type: "text" };
import silu from "../../../shaders/sequence/history_silu.wgsl" with { type: "text" };
import softmax from "../../../shaders/sequence/history_softmax.wgsl" with { type: "text" };
import { type Constants, shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { lanesOf } from "../shape/lane.ts";
import { groupedPlacesOf } from "./places.ts";

/** Which places attend to which. */
export interface HistoryMask {
  /** Whether places see themselves and those before them only. @default {false} */
  readonly causal?: boolean;
  /** Places at the end that are always there and see the history, but not each other. @default {0} */
  readonly targets?: number;
  /** Whether targets follow each other as places of a history do: a causal one sees those before it. @default {false} */
  readonly ordered?: boolean;
  /** Places at the start that see everything but targets. @default {0} */
  readonly context?: number;
  /** How far back a place sees; any distance when absent. */
  readonly window?: number;
  /** Latest places of a history to which the window does not apply. @default {0} */
  readonly full?: number;
}

/** What attention among places is specialized by. */
export interface HistoryAttentionOptions extends HistoryMask {
  /** Heads H. */
  readonly heads: number;
  /** Columns of a head's values; the rest of x is queries and keys in equal parts. @default {as many as of its queries} */
  readonly valueWidth?: number;
  /** Factor of <q, k>. */
  readonly scale: number;
  /** What scores become: weights that sum to 1, or each by itself w = s sigmoid(s) / divisor. @default {"softmax"} */
  readonly weights?: "softmax" | { readonly divisor: number };
}

/** The same over x whose queries come behind other columns. */
export interface PlacedAttentionOptions extends HistoryAttentionOptions {
  /** These columns, which no kernel reads or writes. @default {0} */
  readonly before?: number;
}

/** Sizes of a head. */
interface Head {
  /** Histories of a row, whose places do not see each other. */
  readonly groups: number;
  /** Places of a history. */
  readonly places: number;
  /** Columns of a query or a key. */
  readonly query: number;
  /** Columns of a value. */
  readonly value: number;
}

/** Sizes that the choice of a kernel depends on. */
export interface HistoryAttentionProblem extends Problem {
  readonly batch: number;
  /** Columns before the queries. */
  readonly before: number;
  readonly places: number;
  readonly heads: number;
  readonly query: number;
  readonly value: number;
}

/** A kernel over the places of x. */
export interface PlacesTask {
  readonly x: Tensor;
  readonly bind: Readonly<{ lengths: Tensor } & Record<string, Tensor>>;
  readonly options: PlacedAttentionOptions;
}

/** Time of an operation where each thread reads keys and values itself, where one by tiles takes 1. */
const ROWS = 2;

/** Time of an operation where the numbers of a place are in registers, where one by tiles takes 1. */
const REGISTERS = 0.25;

/** Most columns of a head whose numbers are all in registers. */
const MOST_IN_REGISTERS = 32;

/** How much longer tiles take on a processor, whose workgroup memory is memory like any other. */
const TILES_ON_PROCESSOR = 16;

/** Most places whose keys and values are in workgroup memory at a time. */
const TILE = 64;

/** Most threads of a workgroup. */
const THREADS = 64;

/** Bytes of workgroup memory that every device has. */
const PORTABLE_BYTES = 16_384;

const historyAttentionOp: Op<HistoryAttentionOptions> = {
  name: "history_attention",
  outputs: ([x, lengths], options) => {
    const { groups, places, value } = headOf(x, lengths, options);
    return [["B", groups * places, options.heads * value], ["B", options.heads, groups * places]];
  },
  emit: (k, { inputs: [x, lengths], outputs: [y, statistics], attributes }) =>
    emitPlaces(k, "forward", x, { x, lengths, y, statistics }, attributes),
  backward: ({ inputs: [x, lengths], outputs: [o, logSums], attributes }, [dout]) => [
    dout && apply(historyAttentionBackwardOp, [x, lengths, o, logSums, dout], attributes),
  ],
};

const historyAttentionBackwardOp: Op<HistoryAttentionOptions> = {
  name: "history_attention_backward",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [x, lengths, o, logSums, dout], outputs: [y], attributes }) => {
    const means = k.scratch(logSums.shape);
    const shared = { x, lengths, log_sums: logSums, dout, y };
    emitPlaces(k, "query_gradient", x, { ...shared, o, statistics: means }, attributes);
    emitPlaces(k, "key_gradient", x, { ...shared, means }, attributes);
  },
};

/**
 * Returns the sizes of a head.
 *
 * @throws {RangeError} when the heads do not divide the columns
 */
export function headOf(x: Tensor, lengths: Tensor, { heads, valueWidth, before = 0 }: PlacedAttentionOptions): Head {
  const { groups, places, width: columns } = groupedPlacesOf("history_attention", x, lengths);
  const width = columns - before;
  const value = valueWidth ?? width / heads / 3;
  const query = (width / heads - value) / 2;
  if ([heads, query, value].every((size) => Number.isInteger(size) && size > 0)) {
    return { groups, places, query, value };
  }
  throw new RangeError(
    `Cannot build history_attention: ${heads} heads with values of ${value} columns must leave queries and keys of ` +
      `equal width, received ${width} columns`,
  );
}

/** Returns the operations of scores and weighted sums. */
export function historyAttentionFlops({ batch, places, heads, query, value }: HistoryAttentionProblem): number {
  return 2 * batch * heads * places * places * (query + value);
}

/** Returns the kernel of an entry point, by tiles in workgroup memory or without. */
function placesKernel(entry: string): Kernel<PlacesTask, HistoryAttentionProblem> {
  return {
    name: `history_attention.${entry}`,
    problem: ({ batch }, { x, bind, options }) => {
      const { groups, ...head } = headOf(x, bind.lengths, options);
      return { batch: batch * groups, before: options.before ?? 0, heads: options.heads, ...head };
    },
    variants: [
      gpuVariant(
        "tiles",
        historyAttentionFlops,
        (k, task) => runPlaces(k, entry, task, { byTiles: true }),
        TILES_ON_PROCESSOR,
      ),
      {
        ...gpuVariant<PlacesTask, HistoryAttentionProblem>(
          "registers",
          (problem) => REGISTERS * historyAttentionFlops(problem),
          (k, task) => runPlaces(k, entry, task, { byRegisters: true }),
          TILES_ON_PROCESSOR / REGISTERS,
        ),
        fits: (_, { query, value, before }) =>
          (query | value | before) % 4 === 0 && Math.max(query, value) <= MOST_IN_REGISTERS,
      },
      gpuVariant(
        "rows",
        (problem) => ROWS * historyAttentionFlops(problem),
        (k, task) => runPlaces(k, entry, task, {}),
        1,
      ),
    ],
  };
}

/** The kernels by entry point. */
export const historyAttentionKernels = {
  forward: placesKernel("forward"),
  query_gradient: placesKernel("query_gradient"),
  key_gradient: placesKernel("key_gradient"),
};

/** Appends a kernel over the places of x. */
export function emitPlaces(
  k: Emitter,
  entry: keyof typeof historyAttentionKernels,
  x: Tensor,
  bind: PlacesTask["bind"],
  options: PlacedAttentionOptions,
): void {
  emitKernel(k, historyAttentionKernels[entry], { x, bind, options });
}

/** How a kernel over places reads keys and values. */
export interface PlacesLaunch {
  /** Whether they pass through workgroup memory. @default {false} */
  readonly byTiles?: boolean;
  /** Whether they do, and the numbers of a place are in registers. @default {false} */
  readonly byRegisters?: boolean;
  /** Turns the text without tiles into one for lanes of a query and of a value. @default {as it is} */
  readonly rewrite?: (text: string, sizes: { readonly QK: number; readonly V: number }) => string;
}

/** Appends a kernel over the places of x. */
export function runPlaces(
  k: Emitter,
  entry: string,
  { x, bind, options }: PlacesTask,
  { byTiles = false, byRegisters = false, rewrite = (text) => text }: PlacesLaunch,
): void {
  const { groups: histories, places, query, value } = headOf(x, bind.lengths, options);
  const { heads, scale, weights = "softmax", before = 0 } = options;
  const odd = query | value | before;
  const { width, part } = lanesOf(odd & -odd);
  const [QK, V] = [query / width, value / width];
  const threads = Math.min(THREADS, 2 ** Math.ceil(Math.log2(Math.max(8, places))));
  const blocks = Math.ceil(places / threads);
  const groups = k.batch * histories * heads * blocks;
  const { causal = false, targets = 0, ordered = false, context = 0, window = 0, full = 0 } = options;
  const constants: Constants = {
    ...{ CAUSAL: causal, TARGETS: targets, ORDERED: ordered, CONTEXT: context, WINDOW: window, FULL: full },
    ...{ THREADS: threads, SCALE: scale, ...(byTiles && { SIZE: tileSize(places, query + value) }) },
    ...{ QK, V, ROW: (before + heads * (2 * query + value)) / width, FIRST: before / width },
    ...(weights === "softmax" ? {} : { DIVISOR: weights.divisor }),
  };
  k.run({
    shader: shader("history_attention", {
      ...{ grid, ...part, places: placesSource, history_places: shared, history_mask: mask },
      ...(weights === "softmax" ? { history_softmax: softmax } : { history_silu: silu }),
      ...(byRegisters
        ? { ...rowOf(Math.max(query, value)), history_attention_registers: registersSource }
        : byTiles
        ? { history_attention: source }
        : { history_attention_rows: rewrite(rowsSource, { QK, V }) }),
    }),
    entry,
    bind,
    constants,
    params: { places, heads, blocks, groups },
    grid: groups,
  });
}

/** Returns the shader part of rows of so many numbers. */
function rowOf(columns: number): Record<string, string> {
  return columns <= 16 ? { history_row16: row16 } : { history_row32: row32 };
}

/** Returns how many places fit in workgroup memory: a power of two, and no more than there are. */
function tileSize(places: number, columns: number): number {
  const fitting = Math.floor(PORTABLE_BYTES / (4 * (columns + 2)));
  if (fitting >= 1) return 2 ** Math.floor(Math.log2(Math.min(TILE, fitting, 2 ** Math.ceil(Math.log2(places)))));
  throw new RangeError(
    `Cannot build history_attention: a head must have fewer than ${PORTABLE_BYTES / 4} columns, received ${columns}`,
  );
}

/**
 * Lets the places of a history attend to each other, head by head: o_i = sum_j w_ij v_j with
 * w_i = softmax of scale <q_i, k_j> over the places j that i attends to, or w_ij = silu(scale <q_i, k_j>) / divisor.
 *
 * @param x `[B, T, W]`, the columns q | k | v, each head by head
 * @param lengths places of each row that are there, `[B]`, u32; targets at the end are there always; `[B, G]` where a row
 * has G histories of T / G places each, which do not see each other
 * @returns `[B, T, H V]` with V columns of a head's values; zeros at places that are not there
 * @throws {TypeError} when a shape differs
 * @throws {RangeError} when the heads do not divide the columns
 */
export function historyAttention(x: Tensor, lengths: Tensor, options: HistoryAttentionOptions): Tensor {
  return apply(historyAttentionOp, [x, lengths], options);
}
