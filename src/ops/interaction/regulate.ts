/**
 * Fields weighted by learned gates: a softmax over the fields, the same for all samples.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import fold from "../../../shaders/interaction/fold.wgsl" with { type: "text" };
import source from "../../../shaders/interaction/regulate.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor, widthOf } from "../../graph/tensor.ts";
import { columnsOf } from "../dense/matmul_layout.ts";
import { lanesOf } from "../shape/lane.ts";

/** Samples of a split, unless there would be too many splits. */
const SAMPLES = 8;

/** Splits of the batch at most, which one workgroup adds up. */
const MAX_SPLITS = 1024;

/** Inputs x `[B, F D]` and z `[1, F]`; outputs y and the gates. The attribute is what z is multiplied by. */
const regulateOp: Op<number> = {
  name: "regulate",
  outputs: ([x, z]) => {
    const fields = widthOf(z.shape);
    if (x.shape.length !== 2 || z.shape.length !== 2 || z.shape[0] !== 1 || columnsOf("regulate", x) % fields > 0) {
      throw new TypeError(
        `Cannot build regulate: x and z must have shapes [B, F D] and [1, F], received ${formatShape(x.shape)} and ${
          formatShape(z.shape)
        }`,
      );
    }
    return [x.shape, z.shape];
  },
  emit: (k, { inputs: [x, z], outputs: [y, g], attributes }) => {
    const { splits, call } = setupOf(k, x, z, attributes);
    k.run({ ...call, entry: "forward", bind: { x, z, y, g }, grid: splits });
  },
  backward: ({ inputs: [x, z], outputs: [, g], attributes }, [dy, dGates]) => {
    if (dGates) throw new TypeError("Cannot differentiate regulate: only its first output has a gradient");
    return dy ? applyAll(backwardOp, [x, z, g, dy], attributes) : [];
  },
};

const backwardOp: Op<number> = {
  name: "regulate_backward",
  outputs: ([x, z]) => [x.shape, z.shape],
  emit: (k, { inputs: [x, z, gates, dy], outputs: [dx, dz], attributes }) => {
    const { splits, fields, call } = setupOf(k, x, z, attributes);
    const parts = k.scratch([splits, columnsOf("regulate", x)]);
    const means = k.scratch([splits]);
    k.run({ ...call, entry: "backward", bind: { x, gates, dy, dx, parts, means }, grid: splits });
    k.run({ ...call, entry: "merge", bind: { gates, sums: parts, all_means: means, dz }, grid: fields });
  },
};

function setupOf(k: Emitter, x: Tensor, z: Tensor, factor: number) {
  const fields = widthOf(z.shape);
  const { part, count } = lanesOf(columnsOf("regulate", x) / fields);
  const samples = Math.max(SAMPLES, Math.ceil(k.batch / MAX_SPLITS));
  const splits = Math.ceil(k.batch / samples);
  return {
    fields,
    splits,
    call: {
      shader: shader("regulate", { grid, ...part, fold, regulate: source }),
      constants: { LANES: count, FIELDS: fields },
      params: { batch: k.batch, samples, splits, factor },
    },
  };
}

/**
 * Weights fields by gates: y[b, f, d] = g_f x[b, f, d] with g = softmax(factor z).
 *
 * @param x `[B, F D]`, field by field
 * @param z scores of the fields `[1, F]`
 * @returns y `[B, F D]` and the gates g `[1, F]`, which are to be looked at only
 * @throws {TypeError} when the shapes do not fit
 */
export function regulateFields(
  x: Tensor,
  z: Tensor,
  factor: number,
): { readonly y: Tensor; readonly gates: Tensor } {
  const [y, gates] = applyAll(regulateOp, [x, z], factor);
  return { y, gates };
}
