/**
 * Shared parameters that are bent by those of each group.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/star_parameters.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { applyAll, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor, widthOf } from "../../graph/tensor.ts";

const kernels = shader("star_parameters", { grid, star_parameters: source });

interface StarAttributes {
  /** Whether group 0 has the shared parameters alone. */
  readonly alone: boolean;
}

const starOp: Op<StarAttributes> = {
  name: "star_parameters",
  outputs: ([sharedW, ownW, sharedB, ownB], { alone }) => {
    const groups = Number(ownW.shape[0]) + Number(alone);
    const fits = ownW.shape.slice(1).join() === sharedW.shape.join() && ownB.shape[0] === ownW.shape[0] &&
      ownB.shape.slice(1).join() === sharedB.shape.join();
    if (fits) return [[groups, ...sharedW.shape], [groups, ...sharedB.shape]];
    const received = [sharedW, ownW, sharedB, ownB].map(({ shape }) => formatShape(shape)).join(", ");
    throw new TypeError(
      `Cannot build star_parameters: own parameters must be the shared ones' shapes by group, received ${received}`,
    );
  },
  emit: (k, { inputs: [sharedW, ownW, sharedB, ownB], outputs: [w, b], attributes: { alone } }) => {
    const params = sizesOf(sharedW, sharedB, w);
    k.run({
      shader: kernels,
      entry: "combine",
      bind: { shared_w: sharedW, own_w: ownW, shared_b: sharedB, own_b: ownB, w, b },
      constants: { ALONE: Number(alone) },
      params,
      grid: Math.ceil(params.count * (params.weights + params.biases) / 64),
    });
  },
  backward: ({ inputs, outputs, attributes }, [dw, db]) => {
    if (!dw && !db) return [];
    if (dw && db) return applyAll(starBackwardOp, [...inputs, dw, db], attributes);
    throw new TypeError(`Cannot differentiate star_parameters: one of ${outputs.length} outputs has no gradient`);
  },
};

const starBackwardOp: Op<StarAttributes> = {
  name: "star_parameters_backward",
  outputs: (inputs) => inputs.slice(0, 4).map(({ shape }) => shape),
  emit: (k, { inputs: [sharedW, ownW, sharedB, , dw, db], outputs, attributes: { alone } }) => {
    const [dSharedW, dOwnW, dSharedB, dOwnB] = outputs;
    const params = sizesOf(sharedW, sharedB, dw);
    k.run({
      shader: kernels,
      entry: "gradient",
      bind: {
        ...{ shared_w: sharedW, own_w: ownW, dw, db },
        ...{ d_shared_w: dSharedW, d_own_w: dOwnW, d_shared_b: dSharedB, d_own_b: dOwnB },
      },
      constants: { ALONE: Number(alone) },
      params,
      grid: Math.ceil((params.weights + params.biases) / 64),
    });
  },
};

function sizesOf(sharedW: Tensor, sharedB: Tensor, w: Tensor) {
  return { weights: widthOf(sharedW.shape), biases: widthOf(sharedB.shape), count: Number(w.shape[0]) };
}

/** Parameters of a layer: factors that are multiplied, and terms that are added. */
export interface StarPair {
  /** Weights, or gains. */
  readonly weight: Tensor;
  /** Biases. */
  readonly bias: Tensor;
}

/**
 * Bends shared parameters by each group's own: W_g = W * own W_g by element, and b_g = b + own b_g.
 *
 * @param shared weights of any shape, and biases
 * @param own the same shapes by group, `[O, ...]`
 * @param alone whether a group 0 comes before them that has the shared parameters alone
 * @returns weights and biases by group, `[G, ...]` with G = O, or O + 1 with that group
 * @throws {TypeError} when the shapes do not fit
 */
export function starParameters(shared: StarPair, own: StarPair, alone: boolean): StarPair {
  const [weight, bias] = applyAll(starOp, [shared.weight, own.weight, shared.bias, own.bias], { alone });
  return { weight, bias };
}
