/**
 * Filters of histories by their frequencies.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/fourier_filter.wgsl" with { type: "text" };
import lanesSource from "../../../shaders/sequence/fourier_filter_lanes.wgsl" with { type: "text" };
import { type Constants, type Shader, shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type KernelCall, type Op } from "../../graph/node.ts";
import { sizeOf, type Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { costOn, gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { emitMergedColumns } from "../dense/column_sums.ts";
import { lanesOf } from "../shape/lane.ts";
import { groupedPlacesOf, requireShape } from "./places.ts";

const kernels = shader("fourier_filter", { grid, fourier_filter: source });

/** Returns the kernels that take a history's columns in lanes. */
function laneKernels(width: number): Shader {
  return shader("fourier_filter", {
    grid,
    ...lanesOf(width).part,
    fourier_filter: source,
    fourier_filter_lanes: lanesSource,
  });
}

/** Rows of the batch whose share of the weights' gradients a thread sums up. */
const SLICE = 16;

/** Slices of the batch at most where threads share one. */
const MOST_SLICES = 256;

/** Most places, whose turns have to fit into workgroup memory. */
const MOST_PLACES = 4096;

/** Inputs x, lengths and weights; outputs y and z, which the backward pass reads. */
const filterOp: Op<null> = {
  name: "fourier_filter",
  outputs: ([x, lengths, weights]) => {
    const { groups, places, width } = groupedPlacesOf("fourier_filter", x, lengths);
    requireShape("fourier_filter", "weights", weights, [groups, 2, width]);
    if (places > MOST_PLACES) {
      throw new RangeError(
        `Cannot build fourier_filter: a history must have ${MOST_PLACES} places or fewer, received ${places}`,
      );
    }
    return [x.shape, x.shape];
  },
  emit: (k, { inputs: [x, lengths, weights], outputs: [y, z] }) =>
    emitKernel(k, forwardKernel, { bind: { x, lengths, weights, y, z }, constants: { WRITES_TURNED: k.needed(z) } }),
  backward: ({ inputs: [x, lengths, weights], outputs: [, z] }, [dy]) =>
    dy
      ? [
        apply(inputGradientOp, [dy, lengths, weights], null),
        undefined,
        apply(weightGradientOp, [x, lengths, weights, z, dy], null),
      ]
      : [],
};

const inputGradientOp: Op<null> = {
  name: "fourier_filter_input_gradient",
  outputs: ([dy]) => [dy.shape],
  emit: (k, { inputs: [dy, lengths, weights], outputs: [dx] }) =>
    emitKernel(k, gradientKernel, { bind: { x: dy, lengths, weights, y: dx } }),
};

const weightGradientOp: Op<null> = {
  name: "fourier_filter_weight_gradient",
  outputs: ([, , weights]) => [weights.shape],
  emit: (k, { inputs: [x, lengths, weights, z, dy], outputs: [dWeights] }) =>
    emitKernel(k, weightsKernel, { bind: { x, lengths, weights, turned: z, dy, y: dWeights } }),
};

/** A filter or one of its gradients, and what it reads and writes. */
interface Filter {
  readonly bind: Readonly<Record<"x" | "lengths" | "weights" | "y", Tensor>> & Readonly<Record<string, Tensor>>;
  readonly constants?: Constants;
}

interface FilterProblem extends Problem {
  readonly batch: number;
  readonly lists: number;
  readonly places: number;
  readonly width: number;
}

function problemOf({ batch }: Emitter, { bind }: Filter): FilterProblem {
  const { groups: lists, places, width } = groupedPlacesOf("fourier_filter", bind.x, bind.lengths);
  return { batch, lists, places, width };
}

const numbersOf = ({ batch, lists, places, width }: FilterProblem): number => batch * lists * places * width;

/** Returns the names of what is bound where it is seen in lanes. */
function inLanes({ lengths, ...bind }: Filter["bind"], names: readonly string[]): Record<string, Tensor> {
  const lanes = names.map((name) => [name === "weights" ? "weight_lanes" : `${name}_lanes`, bind[name]] as const);
  return { lengths, ...Object.fromEntries(lanes) };
}

/** Returns the kernel of a filter or its gradient, with a workgroup for each history. */
function historyKernel(entry: "forward" | "gradient"): Kernel<Filter, FilterProblem> {
  const run = (
    k: Emitter,
    problem: FilterProblem,
    call: Pick<KernelCall, "shader" | "entry" | "bind" | "constants">,
  ) => {
    const { batch, lists, places, width } = problem;
    k.run({
      ...call,
      constants: { ...call.constants, PLACES: places },
      params: { batch, lists, width, slice: SLICE, slices: 1 },
      grid: batch * lists,
      flops: 2 * places * numbersOf(problem),
    });
  };
  return {
    name: `fourier_filter_${entry}`,
    problem: problemOf,
    variants: [
      {
        name: "numbers",
        fits: () => true,
        cost: (profile, problem) => costOn(profile, numbersOf(problem), { gpu: 2, software: 1 }),
        emit: (k, { bind, constants }, problem) => run(k, problem, { shader: kernels, entry, bind, constants }),
      },
      gpuVariant("lanes", numbersOf, (k, { bind, constants }, problem) => {
        const names = ["x", "weights", "y", ...(entry === "forward" ? ["z"] : [])];
        const shared = { shader: laneKernels(problem.width), entry: `lane_${entry}`, constants };
        run(k, problem, { ...shared, bind: inLanes(bind, names) });
      }),
    ],
  };
}

const forwardKernel = historyKernel("forward");
const gradientKernel = historyKernel("gradient");

/** The gradient of the weights, over slices of the batch; on GPUs threads share the places of a slice. */
const weightsKernel: Kernel<Filter, FilterProblem> = {
  name: "fourier_filter_weights",
  problem: problemOf,
  variants: [
    {
      name: "numbers",
      fits: () => true,
      cost: (profile, problem) => costOn(profile, numbersOf(problem), { gpu: 2, software: 1 }),
      emit: emitWeights,
    },
    {
      ...gpuVariant("lanes", numbersOf, emitWeightLanes),
      fits: (_, { width }) => lanesOf(width).count <= 256,
    },
  ],
};

function emitWeights(k: Emitter, { bind }: Filter, { batch, lists, places, width }: FilterProblem): void {
  const { x, lengths, turned, dy, y, weights } = bind;
  const slices = Math.ceil(batch / SLICE);
  const sums = k.scratch([slices, ...weights.shape]);
  const numbers = sizeOf(weights.shape, batch);
  const shared = { shader: kernels, params: { batch, lists, width, slice: SLICE, slices } };
  k.run({
    ...shared,
    entry: "partial",
    bind: { x, lengths, turned, dy, y: sums },
    constants: { PLACES: places },
    grid: Math.ceil(slices * numbers / 2 / 64),
  });
  k.run({ ...shared, entry: "merge", bind: { x: sums, y }, grid: Math.ceil(numbers / 64) });
}

function emitWeightLanes(k: Emitter, { bind }: Filter, { batch, lists, places, width }: FilterProblem): void {
  const slice = Math.ceil(batch / MOST_SLICES);
  const slices = Math.ceil(batch / slice);
  const columns = sizeOf(bind.weights.shape, batch);
  const sums = slices === 1 ? bind.y : k.scratch([slices, columns]);
  k.run({
    shader: laneKernels(width),
    entry: "lane_partial",
    bind: inLanes({ ...bind, y: sums }, ["x", "turned", "dy", "y"]),
    constants: { PLACES: places },
    params: { batch, lists, width, slice, slices },
    grid: slices * lists,
  });
  if (slices > 1) emitMergedColumns(k, sums, { splits: slices, columns, y: bind.y });
}

/**
 * Multiplies each frequency of a history's columns by a complex number: y = the inverse transform of w_n times the transform
 * of x over the places that are there, w_n = a_n + i b_n for all frequencies of column n.
 *
 * No transform is computed: y = a x + b z, and z is x with each of its waves a quarter of its length on.
 *
 * @param x `[B, L, N]`, or `[B, G K, N]` of G histories in each row
 * @param lengths `[B]`, or `[B, G]`; u32
 * @param weights a and b of each history of a row, `[G, 2, N]`
 * @returns the shape of `x`; 0 past the end of a history
 * @throws {TypeError} when a shape differs
 * @throws {RangeError} when a history has more than 4096 places
 */
export function fourierFilter(x: Tensor, lengths: Tensor, weights: Tensor): Tensor {
  return apply(filterOp, [x, lengths, weights], null);
}
