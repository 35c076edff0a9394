/**
 * Squeeze, excite and scale: gates of fields computed from the fields' means, in one pass.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/interaction/senet.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { columns } from "../shape/concat.ts";
import { lanesOf } from "../shape/lane.ts";
import { matmulTn } from "../dense/matmul.ts";
import { fieldSizes } from "./pairs.ts";

interface SenetAttributes {
  readonly fields: number;
  readonly dim: number;
  /** Width R of the hidden layer. */
  readonly reduced: number;
}

const senetOp: Op<SenetAttributes> = {
  name: "senet",
  outputs: ([e], { fields, reduced }) => [e.shape, ["B", fields], ["B", reduced + fields]],
  emit: (k, { inputs: [e, w0, w1], outputs: [y, z, gates], attributes }) =>
    emit(k, attributes, "forward", { e, w0, w1, y, z, gates }),
  backward: ({ inputs: [e, w0, w1], outputs: [, z, gates], attributes }, [dy, , dExposed]) => {
    if (dExposed) throw new TypeError("Cannot differentiate senet: only its first output has a gradient");
    if (!dy) return [];
    const { fields, reduced } = attributes;
    const [de, dGates] = applyAll(backwardOp, [e, w0, w1, gates, dy], attributes);
    const dHidden = columns(dGates, 0, reduced);
    const dw1 = matmulTn(columns(gates, 0, reduced), columns(dGates, reduced, fields));
    return [de, matmulTn(z, dHidden), dw1];
  },
};

const backwardOp: Op<SenetAttributes> = {
  name: "senetBackward",
  outputs: ([e, , , gates]) => [e.shape, gates.shape],
  emit: (k, { inputs: [e, w0, w1, kept, dy], outputs: [de, dgates], attributes }) =>
    emit(k, attributes, "backward", { e, w0, w1, kept, dy, de, dgates }),
};

function emit(
  k: Emitter,
  { fields, dim, reduced }: SenetAttributes,
  entry: string,
  bind: Readonly<Record<string, Tensor>>,
): void {
  const lanes = lanesOf(dim);
  k.run({
    shader: shader("senet", { grid, ...lanes.part, senet: source }),
    entry,
    bind,
    constants: { LANES: lanes.count, DIM: dim, FIELDS: fields, REDUCED: reduced },
    params: { batch: k.batch },
    grid: k.batch,
  });
}

/**
 * Scales fields by gates that depend on all fields' means: y[b, f, :] = a_f e[b, f, :] with
 * a = relu(relu(z W0) W1) and z_f = mean_d e[b, f, d].
 *
 * @param e embeddings `[B, F, D]`
 * @param w0 squeezing weight `[F, R]`
 * @param w1 exciting weight `[R, F]`
 * @returns y `[B, F, D]` and the gates a `[B, F]`, which are to be looked at only
 * @throws {TypeError} when a shape does not fit
 */
export function senet(e: Tensor, w0: Tensor, w1: Tensor): { readonly y: Tensor; readonly gates: Tensor } {
  const { fields, dim } = fieldSizes("senet", e);
  const reduced = w0.shape[1] as number;
  if (w0.shape.join() !== [fields, reduced].join() || w1.shape.join() !== [reduced, fields].join()) {
    throw new TypeError(
      `Cannot build senet: weights must have shapes [${fields}, R] and [R, ${fields}], received ${
        formatShape(w0.shape)
      } and ${formatShape(w1.shape)}`,
    );
  }
  const [y, , gates] = applyAll(senetOp, [e, w0, w1], { fields, dim, reduced });
  return { y, gates: columns(gates, reduced, fields) };
}
