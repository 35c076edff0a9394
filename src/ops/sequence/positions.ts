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
import { formatShape, type Tensor } from "../../graph/tensor.ts";
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

/** Rows of the batch that one invocation sums. */
const SLICE = 32;

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
  emit: (k, { inputs: [x, p, lengths, dy], outputs: [dp], attributes }) => {
    const sizes = { ...placesOf("positions", x), columns: Number(dy.shape[2]) };
    const slices = Math.ceil(k.batch / SLICE);
    const numbers = sizes.places * Number(p.shape[1]);
    const g = k.scratch([slices, sizes.places, p.shape[1]]);
    emitNumbers(k, "partial", { lengths, dy, y: g }, sizes, attributes, slices * numbers);
    emitNumbers(k, "gradient", { g, y: dp }, sizes, attributes, numbers);
  },
};

function emitNumbers(
  k: Emitter,
  entry: string,
  bind: Record<string, Tensor>,
  sizes: Sizes,
  { from = "oldest", targets = 0, apart = false }: PositionOptions,
  count: number,
): void {
  k.run({
    shader: kernels,
    entry,
    bind,
    constants: { LATEST: from === "latest", TARGETS: targets, APART: apart },
    params: { batch: k.batch, ...sizes, slice: SLICE, slices: Math.ceil(k.batch / SLICE) },
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
