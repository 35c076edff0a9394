/**
 * Dense layers whose weights depend on the group of a row.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/group_dense.wgsl" with { type: "text" };
import tilesSource from "../../../shaders/dense/group_dense_tiles.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { costOn, gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { lanesOf } from "../shape/lane.ts";
import { columnsOf } from "./matmul_layout.ts";
import type { RowGroups } from "./row_groups.ts";

/** Rows of a tile, as in the shader. */
const TILE = 4;

const groupDenseOp: Op<null> = {
  name: "group_dense",
  outputs: ([x, w, bias, , offsets]) => {
    const [groups, inputs, outputs] = w.shape.map(Number);
    const fits = x.shape.length === 2 && w.shape.length === 3 && columnsOf("group_dense", x) === inputs &&
      groups + 1 === offsets.shape[0] && bias.shape.join() === [groups, outputs].join();
    if (fits) return [["B", outputs]];
    throw new TypeError(
      `Cannot build group_dense: x, weights and biases of ${Number(offsets.shape[0]) - 1} groups must have shapes ` +
        `[B, K], [G, K, N] and [G, N], received ${[x, w, bias].map(({ shape }) => formatShape(shape)).join(", ")}`,
    );
  },
  emit: (k, { inputs: [x, w, bias, order, offsets], outputs: [y] }) => {
    const { call, sizes } = setupOf(k, w);
    const grid = Math.ceil(sizes.tiles * sizes.outputs / 64);
    k.run({ ...call, entry: "forward", bind: { x, w, bias, order, offsets, y }, grid });
  },
  backward: ({ inputs: [x, w, , order, offsets] }, [dy]) =>
    dy ? [...applyAll(groupDenseBackwardOp, [x, w, order, offsets, dy], null)] : [],
};

const groupDenseBackwardOp: Op<null> = {
  name: "group_dense_backward",
  outputs: ([x, w]) => [x.shape, w.shape, [w.shape[0], w.shape[2]]],
  emit: (k, { inputs: [x, w, order, offsets, dy], outputs: [dx, dw, dbias] }) => {
    const sorted = { order, offsets };
    if (k.needed(dx)) emitKernel(k, inputGradientKernel, { w, bind: { w, dy, ...sorted, dx } });
    emitKernel(k, weightGradientKernel, { w, bind: { x, dy, ...sorted, dw, dbias } });
  },
};

/** A gradient, and what it reads and writes. */
interface Gradient {
  /** Weights, whose sizes are those of the layers. */
  readonly w: Tensor;
  readonly bind: Readonly<Record<string, Tensor>>;
}

interface GradientProblem extends Problem {
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly groups: number;
}

/** Workgroups of a gradient without and with tiles in workgroup memory. */
interface Groups {
  readonly threads: (sizes: Sizes) => number;
  readonly tiles: (sizes: Sizes, rows: number) => number;
}

function gradientKernel(entry: string, groups: Groups): Kernel<Gradient, GradientProblem> {
  const size = ({ rows, inputs, outputs }: GradientProblem): number => rows * inputs * outputs;
  return {
    name: `group_dense_${entry}`,
    problem: ({ batch }, { w: { shape } }) => {
      const [count, inputs, outputs] = shape.map(Number);
      return { rows: batch, inputs, outputs, groups: count };
    },
    variants: [
      {
        name: "threads",
        fits: () => true,
        cost: (profile, problem) => costOn(profile, size(problem), { gpu: 2, software: 1 }),
        emit: (k, { w, bind }) => {
          const { call, sizes } = setupOf(k, w);
          k.run({ ...call, entry, bind, grid: Math.ceil(groups.threads(sizes) / 64) });
        },
      },
      gpuVariant("tiles", size, (k, { w, bind }) => {
        const { call, sizes, part } = setupOf(k, w);
        const kernels = shader("group_dense", { grid, ...part, group_dense_tiles: tilesSource });
        k.run({ ...call, shader: kernels, entry, bind, grid: groups.tiles(sizes, k.batch) });
      }),
    ],
  };
}

const inputGradientKernel = gradientKernel("input_gradient", {
  threads: ({ tiles, inputs }) => tiles * inputs,
  tiles: ({ inputs, count }, rows) => (Math.ceil(rows / 32) + count) * Math.ceil(inputs / 64),
});

const weightGradientKernel = gradientKernel("weight_gradient", {
  threads: ({ count, inputs, outputs }) => count * (Math.floor(inputs / TILE) + 1) * outputs,
  tiles: ({ count, inputs, outputs }) => count * (Math.floor(inputs / 32) + 1) * Math.ceil(outputs / 16),
});

/** Sizes of the layers; outputs are in lanes, tiles those of rows. */
type Sizes = Record<"inputs" | "outputs" | "count" | "tiles", number>;

function setupOf(k: Emitter, w: Tensor) {
  const [count, inputs, columns] = w.shape.map(Number);
  const { part, count: outputs } = lanesOf(columns);
  const sizes = { inputs, outputs, count, tiles: Math.ceil(k.batch / TILE) + count };
  const kernels = shader("group_dense", { grid, ...part, group_dense: source });
  return { sizes, part, call: { shader: kernels, params: sizes, flops: 2 * k.batch * inputs * columns } };
}

/**
 * Applies to each row the dense layer of its group: y[b] = x[b] W_g + bias_g with g the group of b.
 *
 * @param x `[B, K]`
 * @param w `[G, K, N]`
 * @param bias `[G, N]`
 * @returns `[B, N]`
 * @throws {TypeError} when a shape differs
 */
export function groupDense(x: Tensor, w: Tensor, bias: Tensor, { order, offsets }: RowGroups): Tensor {
  return apply(groupDenseOp, [x, w, bias, order, offsets], null);
}
