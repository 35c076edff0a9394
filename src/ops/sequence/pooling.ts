/**
 * Pooling of histories.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import divisorLength from "../../../shaders/sequence/divisor_length.wgsl" with { type: "text" };
import divisorWeights from "../../../shaders/sequence/divisor_weights.wgsl" with { type: "text" };
import placesSource from "../../../shaders/sequence/places.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/pooling.wgsl" with { type: "text" };
import slicesSource from "../../../shaders/sequence/pooling_slices.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { emitMerged, fillsSlices, placeSlicesOf, runSlices, SLICES_ON_PROCESSOR, slicesCost } from "./place_slices.ts";
import { groupedPlacesOf, type Places, requireShape } from "./places.ts";

const byLength = shader("pooling", { grid, places: placesSource, divisor_length: divisorLength, pooling: source });
const byWeights = shader("pooling", { grid, places: placesSource, divisor_weights: divisorWeights, pooling: source });

/** How the places of a history become one. */
export type Pooling = "sum" | "mean" | "max";

const MODES: readonly Pooling[] = ["sum", "mean", "max"];

interface PoolingAttributes {
  readonly mode: Pooling;
  readonly targets: number;
}

/** A pooling or its gradient: tensors by their names in the shader. */
interface PoolingTask {
  readonly attributes: PoolingAttributes;
  /** `[B, L, N]` */
  readonly history: Tensor;
  readonly bind: PoolingTensors;
}

type PoolingTensors =
  & { readonly lengths: Tensor; readonly y: Tensor }
  & Readonly<Partial<Record<"x" | "dy" | "weights", Tensor>>>;

/** Sizes that the choice of a kernel depends on. */
interface PoolingProblem extends Problem, Places {
  /** Histories. */
  readonly rows: number;
  /** Whether a sum of weights divides. */
  readonly weighs: boolean;
}

function weighs({ mode }: PoolingAttributes, { weights }: PoolingTensors): boolean {
  return mode === "mean" && weights !== undefined;
}

function numbersOf({ rows, places, width }: PoolingProblem): number {
  return rows * places * width;
}

/** Returns a kernel of an entry point, by a thread for each column or by slices of the history. */
function poolingKernel(
  name: string,
  entry: string,
  emitSlices: (k: Emitter, task: PoolingTask, problem: PoolingProblem) => void,
): Kernel<PoolingTask, PoolingProblem> {
  return {
    name,
    problem: ({ batch }, { attributes, history, bind }) => {
      const { groups, ...sizes } = groupedPlacesOf("pool_history", history, bind.lengths);
      return { rows: batch * groups, ...sizes, weighs: weighs(attributes, bind) };
    },
    variants: [
      gpuVariant("columns", numbersOf, (k, { attributes, history, bind }) => {
        emitColumns(k, entry, attributes, history, bind);
      }, 1),
      {
        ...gpuVariant("slices", (sizes) => slicesCost(numbersOf(sizes)), emitSlices, SLICES_ON_PROCESSOR),
        fits: (_, sizes) => !sizes.weighs && fillsSlices(sizes),
      },
    ],
  };
}

const poolKernel = poolingKernel("pool_history", "pool", (k, task, problem) => {
  const { attributes: { mode }, bind } = task;
  const { slices } = placeSlicesOf(problem);
  const { rows, width } = problem;
  emitMerged(k, bind.y, { slices, width, rows, largest: mode === "max" }, (parts) => {
    runPooling(k, "pool", { ...task, bind: { ...bind, y: parts } }, problem);
  });
});

const gradientKernel = poolingKernel("pool_history_gradient", "gradient", (k, task, problem) => {
  runPooling(k, "gradient", task, problem);
});

/** Appends a kernel by slices. */
function runPooling(k: Emitter, entry: string, task: PoolingTask, { rows, places, width }: PoolingProblem): void {
  const { attributes: { mode, targets }, bind: { x, dy, lengths, y } } = task;
  const files = { places: placesSource, divisor_length: divisorLength, pooling_slices: slicesSource };
  const constants = { MODE: MODES.indexOf(mode), TARGETS: targets, LARGEST: mode === "max" };
  const bind = { lengths, y, ...(x ? { x } : {}), ...(dy ? { dy } : {}) };
  runSlices(k, { name: "pooling", files, entry, bind, constants, rows, places, width });
}

const poolOp: Op<PoolingAttributes> = {
  name: "pool_history",
  outputs: ([x, lengths, weights], { mode }) => {
    const { groups, places, width } = groupedPlacesOf("pool_history", x, lengths);
    if (weights) requireShape("pool_history", "weights", weights, [groups * places, "B"]);
    if (!MODES.includes(mode)) {
      throw new RangeError(`Cannot build pool_history: pooling must be sum, mean or max, received "${mode}"`);
    }
    return [lengths.shape.length === 1 ? ["B", width] : ["B", groups, width]];
  },
  emit: (k, { inputs: [x, lengths, weights], outputs: [y], attributes }) =>
    emitKernel(k, poolKernel, { attributes, history: x, bind: { x, lengths, weights, y } }),
  backward: ({ inputs: [x, lengths, weights], attributes }, [dy]) => [
    dy && apply(poolBackwardOp, [x, dy, lengths, ...(weights ? [weights] : [])], attributes),
  ],
};

const poolBackwardOp: Op<PoolingAttributes> = {
  name: "pool_history_backward",
  outputs: ([x]) => [x.shape],
  emit: (k, { inputs: [x, dy, lengths, weights], outputs: [dx], attributes }) =>
    attributes.mode === "max"
      ? emitColumns(k, "max_gradient", attributes, x, { x, dy, lengths, y: dx })
      : emitKernel(k, gradientKernel, { attributes, history: x, bind: { dy, lengths, weights, y: dx } }),
};

function emitColumns(
  k: Emitter,
  entry: string,
  attributes: PoolingAttributes,
  history: Tensor,
  bind: PoolingTensors,
): void {
  const { groups, places, width } = groupedPlacesOf("pool_history", history, bind.lengths);
  const byWeight = weighs(attributes, bind);
  k.run({
    shader: byWeight ? byWeights : byLength,
    entry,
    bind: { ...bind, weights: byWeight ? bind.weights : undefined },
    constants: { MODE: MODES.indexOf(attributes.mode), TARGETS: attributes.targets },
    params: { batch: k.batch * groups, places, width },
    grid: Math.ceil(k.batch * groups * width / 64),
  });
}

/**
 * Pools the places of a history: y[b, n] = sum, mean or max over t < lengths[b] of x[b, t, n], 0 where it is empty.
 *
 * @param x `[B, L, N]`
 * @param lengths `[B]`, u32, or `[B, G]` for G histories of L / G places in each row, which are pooled one by one
 * @param weights `[L, B]` of one history a row, whose factors `x` holds already; the mean divides by their sum
 * @param targets places at the end that are always there
 * @returns `[B, N]`, or `[B, G, N]`
 * @throws {TypeError} when a shape differs
 * @throws {RangeError} when there is no such pooling
 */
export function poolHistory(x: Tensor, lengths: Tensor, mode: Pooling, weights?: Tensor, targets = 0): Tensor {
  return apply(poolOp, weights ? [x, lengths, weights] : [x, lengths], { mode, targets });
}
