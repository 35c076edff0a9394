/**
 * Learned positions of the places of a history.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import placesSource from "../../../shaders/sequence/places.wgsl" with { type: "text" };
import source from "../../../shaders/sequence/positions.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, sizeOf, type Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { costOn, gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { emitColumnSums } from "../dense/column_sums.ts";
import { columns } from "../shape/concat.ts";
import { placesOf, requireLengths } from "./places.ts";

const kernels = shader("positions", { grid, places: placesSource, positions: source });

/** How places are numbered, and where their vectors go. */
export interface PositionOptions {
  /** Whether positions count from the oldest place up, or from the latest back. @default {"oldest"} */
  readonly from?: "oldest" | "latest";
  /** Places at the end that are no part of the history. @default {0} */
  readonly targets?: number;
  /** Whether vectors are further columns, instead of being added. @default {false} */
  readonly apart?: boolean;
}

/** Rows of the batch that one invocation sums on a processor. */
const SLICE = 32;

/** Slices that a GPU folds at once, and rows of one at least. */
const SPLITS = { most: 256, rows: 4 };

interface Sizes {
  readonly places: number;
  /** Columns of a place before. */
  readonly width: number;
  /** Columns of a place afterwards. */
  readonly columns: number;
}

const positionsOp: Op<PositionOptions> = {
  name: "positions",
  outputs: ([x, p, lengths], options) => {
    requireLengths("positions", lengths);
    const { places, width } = placesOf("positions", x);
    const [rows, own] = p.shape;
    if (p.shape.length !== 2 || rows !== places || typeof own !== "number" || (!options.apart && own !== width)) {
      const expected = options.apart ? `[${places}, P]` : `[${places}, ${width}]`;
      throw new TypeError(
        `Cannot build positions: vectors must have shape ${expected}, received ${formatShape(p.shape)}`,
      );
    }
    return [["B", places, options.apart ? width + own : width]];
  },
  emit: (k, { inputs: [x, p, lengths], outputs: [y], attributes }) => {
    const sizes = { ...placesOf("positions", x), columns: Number(y.shape[2]) };
    const count = k.batch * sizes.places * sizes.columns;
    emitNumbers(k, "place", { x, p, lengths, y }, sizes, attributes, count);
  },
  backward: ({ inputs: [x, p, lengths], attributes }, [dy]) => {
    if (!dy) return [];
    const dx = attributes.apart ? columns(dy, 0, Number(x.shape[2])) : dy;
    return [dx, apply(positionsBackwardOp, [x, p, lengths, dy], attributes)];
  },
};

const positionsBackwardOp: Op<PositionOptions> = {
  name: "positions_backward",
  outputs: ([, p]) => [p.shape],
  emit: (k, { inputs: [x, p, lengths, dy], outputs: [dp], attributes }) =>
    emitKernel(k, gradientKernel, { x, p, lengths, dy, dp, attributes }),
};

/** The gradient by the positions. */
interface PositionGradient {
  readonly x: Tensor;
  readonly p: Tensor;
  readonly lengths: Tensor;
  readonly dy: Tensor;
  readonly dp: Tensor;
  readonly attributes: PositionOptions;
}

interface PositionProblem extends Problem {
  readonly batch: number;
  /** Numbers of all positions. */
  readonly numbers: number;
}

function sizeOfGradient({ batch, numbers }: PositionProblem): number {
  return batch * numbers;
}

const gradientKernel: Kernel<PositionGradient, PositionProblem> = {
  name: "positions_gradient",
  problem: ({ batch }, { p }) => ({ batch, numbers: sizeOf(p.shape, batch) }),
  variants: [
    gpuVariant("splits", sizeOfGradient, (k, task, { batch, numbers }) => {
      const slice = Math.max(SPLITS.rows, Math.ceil(batch / SPLITS.most));
      const g = emitSlices(k, task, slice, numbers);
      emitColumnSums(k, { a: g, rows: Math.ceil(batch / slice), columns: numbers, y: task.dp });
    }),
    {
      name: "slices",
      fits: () => true,
      cost: (profile, problem) => costOn(profile, sizeOfGradient(problem), { gpu: 2, software: 1 }),
      emit: (k, task, { numbers }) => {
        const sizes = sizesOf(task);
        const g = emitSlices(k, task, SLICE, numbers);
        emitNumbers(k, "gradient", { g, y: task.dp }, sizes, task.attributes, numbers);
      },
    },
  ],
};

function sizesOf({ x, dy }: PositionGradient): Sizes {
  return { ...placesOf("positions", x), columns: Number(dy.shape[2]) };
}

/** Appends the sums of slices of so many rows, and returns them. */
function emitSlices(k: Emitter, task: PositionGradient, slice: number, numbers: number): Tensor {
  const { p, lengths, dy, attributes } = task;
  const slices = Math.ceil(k.batch / slice);
  const g = k.scratch([slices, ...p.shape]);
  emitNumbers(k, "partial", { lengths, dy, y: g }, sizesOf(task), attributes, slices * numbers, slice);
  return g;
}

function emitNumbers(
  k: Emitter,
  entry: string,
  bind: Record<string, Tensor>,
  sizes: Sizes,
  { from = "oldest", targets = 0, apart = false }: PositionOptions,
  count: number,
  slice = SLICE,
): void {
  k.run({
    shader: kernels,
    entry,
    bind,
    constants: { LATEST: from === "latest", TARGETS: targets, APART: apart },
    params: { batch: k.batch, ...sizes, slice, slices: Math.ceil(k.batch / slice) },
    grid: Math.ceil(count / 64),
  });
}

/**
 * Adds a learned vector for its position to each place that is there, or puts it beside as further columns.
 *
 * @param x `[B, T, N]`
 * @param vectors `[T, N]`, or `[T, P]` with `apart`
 * @param lengths places of each row that are there, targets at the end left out; `[B]`, u32
 * @returns `[B, T, N]`, or `[B, T, N + P]` with `apart`
 * @throws {TypeError} when a shape differs
 */
export function positions(x: Tensor, vectors: Tensor, lengths: Tensor, options: PositionOptions = {}): Tensor {
  return apply(positionsOp, [x, vectors, lengths], options);
}
