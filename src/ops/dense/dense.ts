/**
 * Dense layers as one kernel each way: product, bias, activation and dropout.
 *
 * @module
 */
import type { Gradients } from "../../graph/autodiff.ts";
import { apply, applyAll, type Op } from "../../graph/node.ts";
import { formatShape, type Shape, type Tensor, widthOf } from "../../graph/tensor.ts";
import { concatOp } from "../shape/concat.ts";
import { emitEpilogue } from "./dense_elements.ts";
import type { Activation } from "./matmul_epilogue.ts";
import { emitProduct, emitProductGradients } from "./matmul_kernels.ts";
import { columnsOf } from "./matmul_layout.ts";
import { emitColumnSum } from "./matmul_vector.ts";

export type { Activation } from "./matmul_epilogue.ts";

/** What a dense layer does after the product. */
export interface DenseAttributes {
  /** Applied to x W + bias. */
  activation: Activation;
  /** Applied last: zeroes a share `rate` of the elements and scales the others by 1 / (1 - rate). */
  dropout: { rate: number; salt: number } | undefined;
}

/** The op behind {@linkcode dense}: inputs x `[..., K]`, weight `[K, N]` and optionally bias `[N]`. */
export const denseOp: Op<DenseAttributes> = {
  name: "dense",
  outputs: ([x, weight, bias], { dropout }) => {
    const k = columnsOf("dense", x);
    const n = columnsOf("dense", weight);
    if (weight.shape.length !== 2 || weight.shape[0] !== k) {
      throw new TypeError(
        `Cannot build dense: weight must have shape [${k}, N], received ${formatShape(weight.shape)}`,
      );
    }
    if (bias && (bias.shape.length !== 1 || bias.shape[0] !== n)) {
      throw new TypeError(`Cannot build dense: bias must have shape [${n}], received ${formatShape(bias.shape)}`);
    }
    if (dropout && !(dropout.rate >= 0 && dropout.rate < 1)) {
      throw new RangeError(`Cannot build dense: dropout must be in [0, 1), received ${dropout.rate}`);
    }
    return [[...x.shape.slice(0, -1), n]];
  },
  emit: (k, { inputs: [x, weight, bias], outputs: [y], attributes: { activation, dropout } }) =>
    emitProduct(k, x, weight, y, { bias, activation, dropout }),
  backward: ({ inputs: [x, weight, bias], outputs: [y], attributes }, [dy], gradients) => {
    if (!dy) return [];
    return layerGradients([x, weight, bias], throughEpilogue(dy, y, attributes, gradients), gradients);
  },
};

/**
 * Returns the gradients of z = x W + bias: by x, or by what goes into the epilogue that computed x, by W, and by the bias
 * where there is one.
 *
 * @param dz gradient by z
 */
export function layerGradients(
  [x, weight, bias]: readonly [x: Tensor, weight: Tensor, bias: Tensor | undefined],
  dz: Tensor,
  gradients: Gradients,
): readonly Tensor[] {
  const before = epilogueBefore(x, gradients);
  const parts = partsBefore(x, gradients);
  const attributes = { before, hasBias: bias !== undefined, parts: parts.map(({ shape }) => shape) };
  const [dx, dWeight, ...others] = applyAll(gradientOp, [x, weight, dz], attributes);
  if (before) gradients.throughEpilogue.add(dx);
  const dBias = bias ? others.shift() : undefined;
  if (parts.length > 0) gradients.apart.set(dx, others);
  return dBias ? [dx, dWeight, dBias] : [dx, dWeight];
}

/** Returns the gradient by what goes into the epilogue that computed y, given that by y. */
export function throughEpilogue(dy: Tensor, y: Tensor, attributes: DenseAttributes, gradients: Gradients): Tensor {
  const isThrough = isPlain(attributes) || gradients.throughEpilogue.has(dy);
  return isThrough ? dy : apply(epilogueGradientOp, [dy, y], attributes);
}

/** Returns what x has side by side, if this layer alone reads x: then its kernel writes their gradients apart. */
function partsBefore(x: Tensor, gradients: Gradients): readonly Tensor[] {
  return x.node?.op === concatOp && gradients.readersOf(x) === 1 ? x.node.inputs : [];
}

/**
 * Returns the epilogue of the dense layer that computed x, if this layer alone reads x: then the kernel that computes the
 * gradient of x also takes it through that epilogue.
 */
function epilogueBefore(x: Tensor, gradients: Gradients): Epilogue | undefined {
  const { node } = x;
  if ((node?.op as unknown) !== denseOp || gradients.readersOf(x) !== 1) return undefined;
  const { activation, dropout } = node!.attributes as DenseAttributes;
  return isPlain({ activation, dropout }) ? undefined : { activation, dropout };
}

/**
 * Returns the gradients of z = x W + bias: by x, by W, and by the bias.
 *
 * @param dz gradient by z
 */
export function affineGradients(x: Tensor, weight: Tensor, dz: Tensor): readonly Tensor[] {
  return applyAll(gradientOp, [x, weight, dz], { before: undefined, hasBias: true, parts: [] });
}

type Epilogue = Pick<DenseAttributes, "activation" | "dropout">;

/** Whether an epilogue leaves the product as it is, but for a bias. */
export function isPlain({ activation, dropout }: Epilogue): boolean {
  return activation === "none" && !dropout?.rate;
}

interface GradientAttributes {
  /** The epilogue that x is the output of, where dx is to go through it. */
  readonly before: Epilogue | undefined;
  readonly hasBias: boolean;
  /** Shapes of what x has side by side, where the gradients by them are outputs as well. */
  readonly parts: readonly Shape[];
}

/** Outputs the gradients by x, the weight and, where there is one, the bias; then those by the parts of x. */
const gradientOp: Op<GradientAttributes> = {
  name: "denseGradient",
  outputs: ([x, weight], { hasBias, parts }) => {
    const bias = [widthOf(weight.shape.slice(1))];
    return [x.shape, weight.shape, ...(hasBias ? [bias] : []), ...parts];
  },
  emit: (k, { inputs: [x, weight, dz], outputs: [dx, dWeight, ...others], attributes: { before, hasBias } }) => {
    const dBias = hasBias ? others.shift() : undefined;
    emitProductGradients(k, {
      ...{ x, weight, dz, dWeight, dBias },
      dx: k.needed(dx) ? dx : undefined,
      dxParts: others.some(k.needed) ? others : undefined,
      before: before && { y: x, epilogue: before },
    });
  },
};

const epilogueGradientOp: Op<Epilogue> = {
  name: "denseEpilogueGradient",
  outputs: ([dy]) => [dy.shape],
  emit: (k, { inputs: [dy, y], outputs: [dz], attributes }) => emitEpilogue(k, "gradient", { y, dy, dz }, attributes),
};

/** Sum of all rows of a matrix, the gradient of a bias. */
export const columnSumOp: Op<null> = {
  name: "columnSum",
  outputs: ([x]) => [[columnsOf("columnSum", x)]],
  emit: (k, { inputs: [x], outputs: [y] }) => emitColumnSum(k, x, y),
};

/**
 * Applies a dense layer: y = dropout(act(x W + bias)).
 *
 * @param x `[..., K]`; all sizes but the last count as rows
 * @param weight `[K, N]`
 * @param bias `[N]`
 * @param attributes activation and dropout; none of either by default
 * @returns `[..., N]`
 * @throws {TypeError} when the shapes do not fit
 * @throws {RangeError} when the dropout rate is outside [0, 1)
 */
export function dense(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  attributes: Partial<DenseAttributes> = {},
): Tensor {
  const { activation = "none", dropout } = attributes;
  return apply(denseOp, bias ? [x, weight, bias] : [x, weight], { activation, dropout });
}
