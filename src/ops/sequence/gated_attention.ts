/**
 * Attention over a history whose normalized sums a gate multiplies.
 *
 * @module
 */
import gridSource from "../../../shaders/common/grid.wgsl" with { type: "text" };
import sharedSource from "../../../shaders/sequence/gated_norm_shared.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/gated_norm.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import type { Dim, Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { costOn, gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { layerNormColumnsKernel } from "../dense/layer_norm_gradients.ts";
import { sharedThreads, sharesSamples } from "../dense/layer_norm_threads.ts";
import { columnsOf } from "../dense/matmul_layout.ts";
import { type Lanes, lanesOf } from "../shape/lane.ts";
import { emitPlaces, headOf, type HistoryAttentionOptions, type PlacedAttentionOptions } from "./history_attention.ts";
import { requireShape } from "./places.ts";

/** What gated attention is specialized by. */
export interface GatedAttentionOptions extends HistoryAttentionOptions {
  /** Columns of a head's values. */
  readonly valueWidth: number;
  /** Added to the variance of the sums. @default {1e-6} */
  readonly eps?: number;
  /** Whether the result has the gate and the sums as they are beside the gated ones. @default {false} */
  readonly sees?: boolean;
}

/** Outputs y, and what the backward pass reads: the sums o, their statistics, and the moments of their rows. */
const gatedAttentionOp: Op<GatedAttentionOptions> = {
  name: "gated_attention",
  outputs: ([x, lengths, gamma, beta], options) => {
    const { places, width } = sizesOf(x, lengths, options);
    requireShape("gated_attention", "the scale", gamma, [width]);
    requireShape("gated_attention", "the shift", beta, [width]);
    const { heads, sees = false } = options;
    const shape = (columns: number): Dim[] => ["B", places, columns];
    return [shape(sees ? 3 * width : width), shape(width), ["B", heads, places], ["B", 2 * places]];
  },
  emit: (k, { inputs: [x, lengths, gamma, beta], outputs: [y, o, statistics, moments], attributes }) => {
    emitPlaces(k, "forward", x, { x, lengths, y: o, statistics }, placed(attributes));
    const bind = { z: x, o, gamma, beta, y, moments };
    emitKernel(k, gateKernel, { entry: "forward", inputs: [x, lengths], bind, options: attributes });
  },
  backward: ({ inputs: [x, lengths, gamma, beta], outputs: [, ...kept], attributes }, [dy]) => {
    if (!dy) return [];
    const [dx, dGamma, dBeta] = applyAll(backwardOp, [x, lengths, gamma, beta, ...kept, dy], attributes);
    return [dx, undefined, dGamma, dBeta];
  },
};

const backwardOp: Op<GatedAttentionOptions> = {
  name: "gated_attention_backward",
  outputs: ([x, , gamma, beta]) => [x.shape, gamma.shape, beta.shape],
  emit: (k, { inputs, outputs: [dx, dGamma, dBeta], attributes }) => {
    const [x, lengths, gamma, beta, o, statistics, saved, dy] = inputs;
    const [dout, dNormal, means] = [o, o, statistics].map(({ shape }) => k.scratch(shape));
    const bind = { z: x, o, gamma, beta, dy, dz: dx, d_o: dout, d_normal: dNormal };
    emitKernel(k, gateKernel, { entry: "gradient", inputs: [x, lengths], bind, options: attributes });
    emitKernel(k, layerNormColumnsKernel, { x: o, saved, dy: dNormal, dGamma, dBeta });
    const shared = { x, lengths, log_sums: statistics, dout, y: dx };
    emitPlaces(k, "query_gradient", x, { ...shared, o, statistics: means }, placed(attributes));
    emitPlaces(k, "key_gradient", x, { ...shared, means }, placed(attributes));
  },
};

/** Returns the options of the attention, whose queries come behind the gate's columns. */
function placed({ eps: _, sees: __, ...options }: GatedAttentionOptions): PlacedAttentionOptions {
  return { ...options, before: options.heads * options.valueWidth };
}

/** Returns the places of a row, and the columns of their values. */
function sizesOf(x: Tensor, lengths: Tensor, options: GatedAttentionOptions): Record<"places" | "width", number> {
  const { groups, places, value } = headOf(x, lengths, placed(options));
  return { places: groups * places, width: options.heads * value };
}

/** A gate, or its gradients, and what it reads and writes. */
interface Gate {
  readonly entry: "forward" | "gradient";
  readonly inputs: readonly Tensor[];
  readonly bind: Record<string, Tensor>;
  readonly options: GatedAttentionOptions;
}

interface GateProblem extends Problem {
  readonly entry: string;
  readonly rows: number;
  /** Numbers of a row, and columns of the rows that the gate is part of. */
  readonly numbers: number;
  readonly columns: number;
}

const sizeOfGate = ({ rows, numbers }: GateProblem): number => rows * numbers;

/** On GPUs several threads share a place. */
const gateKernel: Kernel<Gate, GateProblem> = {
  name: "gated_norm",
  problem: ({ batch }, { entry, inputs: [x, lengths], options }) => {
    const { places, width: numbers } = sizesOf(x, lengths, options);
    return { entry, rows: batch * places, numbers, columns: columnsOf("gated_attention", x) };
  },
  variants: [
    {
      name: "rows",
      fits: () => true,
      cost: (profile, problem) => costOn(profile, sizeOfGate(problem), { gpu: 2, software: 1 }),
      emit: (k, gate, problem) => {
        runGate(k, gate, problem, { gated_norm: source }, { numbers: problem.numbers }, Math.ceil(problem.rows / 64));
      },
    },
    {
      ...gpuVariant<Gate, GateProblem>("shared", sizeOfGate, (k, gate, problem) => {
        const { rows, numbers } = problem;
        const { part, constants, groups } = sharedThreads(rows, numbers / laneOf(problem).width);
        const files = { ...part, gated_norm: sharedSource };
        runGate(k, gate, problem, files, { share: 1 / numbers }, groups, constants);
      }),
      fits: (_, problem) => sharesSamples(problem.numbers / laneOf(problem).width),
    },
  ],
};

/** Returns the lanes that both the gate's numbers and the rows that it is part of divide into. */
function laneOf({ numbers, columns }: GateProblem): Lanes {
  const odd = numbers | columns;
  return lanesOf(odd & -odd);
}

function runGate(
  k: Emitter,
  { entry, bind, options: { eps: epsilon = 1e-6, sees: SEES = false } }: Gate,
  problem: GateProblem,
  files: Record<string, string>,
  more: Record<string, number>,
  grid: number,
  constants: Record<string, number> = {},
): void {
  const { part, width } = laneOf(problem);
  const { rows, numbers, columns } = problem;
  k.run({
    shader: shader("gated_norm", { grid: gridSource, ...part, ...files }),
    entry,
    bind,
    constants: { SEES, ...constants },
    params: { rows, width: numbers / width, row: columns / width, epsilon, ...more },
    grid,
  });
}

/**
 * Lets the places of a history attend to each other, as {@linkcode historyAttention} does, normalizes what each gets, and
 * gates it: y = silu(u) (gamma (o - mean) / sqrt(variance + eps) + beta), or (silu(u), o, y) with `sees`.
 *
 * Zhai et al.: Actions Speak Louder than Words. ICML 2024, arXiv:2402.17152, equations 2 and 3.
 *
 * @param x `[B, T, W]`, the columns u | q | k | v, each head by head, u as many as v
 * @param lengths places of each row that are there, `[B]`, u32; targets at the end are there always
 * @param norm scale and shift `[H V]` of the normalization
 * @returns `[B, T, H V]` or, with `sees`, `[B, T, 3 H V]`
 * @throws {TypeError} when a shape differs
 * @throws {RangeError} when the heads do not divide the columns
 */
export function gatedAttention(
  x: Tensor,
  lengths: Tensor,
  norm: { readonly gamma: Tensor; readonly beta: Tensor },
  options: GatedAttentionOptions,
): Tensor {
  return apply(gatedAttentionOp, [x, lengths, norm.gamma, norm.beta], options);
}
