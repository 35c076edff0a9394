/**
 * Dense layers as one kernel each way: product, bias, activation and dropout.
 *
 * @module
 */
import source from "../../shaders/dense.wgsl" with { type: "text" };
import { apply, applyAll, type Emitter, type Op } from "../graph/node.ts";
import { formatShape, sizeOf, type Tensor, widthOf } from "../graph/tensor.ts";
import type { Activation } from "./matmul_epilogue.ts";
import { emitProduct, emitProductGradients } from "./matmul_kernels.ts";
import type { Variant } from "./matmul_variant.ts";
import { columnsOf } from "./matmul_layout.ts";
import { emitColumnSum } from "./matmul_vector.ts";
import { epilogueConstants, epilogueShaders } from "./pointwise.ts";

export type { Activation } from "./matmul_epilogue.ts";

const kernels = epilogueShaders("dense", source);

/** What a dense layer does after the product. */
export interface DenseAttributes {
  /** Applied to x W + bias. */
  activation: Activation;
  /** Applied last: zeroes a share `rate` of the elements and scales the others by 1 / (1 - rate). */
  dropout: { rate: number; salt: number } | undefined;
  /** The kernels of the products. @default those that suit the device */
  variant?: Variant;
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
  emit: (k, { inputs: [x, weight, bias], outputs: [y], attributes }) => {
    const { activation, dropout, variant } = attributes;
    const done = emitProduct(k, x, weight, y, { bias, activation, dropout }, variant);
    if (!done) emitElements(k, "finish", { z: y }, attributes);
  },
  backward: ({ inputs: [x, weight, bias], outputs: [y], attributes }, [dy]) => {
    if (!dy) return [];
    const inputs = isPlain(attributes) ? [x, weight, dy] : [x, weight, dy, y];
    return applyAll(gradientOp, inputs, { ...attributes, hasBias: bias !== undefined });
  },
};

/**
 * Returns the gradients of z = x W + bias: by x, by W, and by the bias.
 *
 * @param dz gradient by z
 */
export function affineGradients(x: Tensor, weight: Tensor, dz: Tensor, variant?: Variant): readonly Tensor[] {
  return applyAll(gradientOp, [x, weight, dz], { activation: "none", dropout: undefined, variant, hasBias: true });
}

function isPlain({ activation, dropout }: DenseAttributes): boolean {
  return activation === "none" && !dropout?.rate;
}

/** All gradients of a layer; the last input, its output, is there unless dz is dy. */
const gradientOp: Op<DenseAttributes & { readonly hasBias: boolean }> = {
  name: "denseGradient",
  outputs: ([x, weight], { hasBias }) => {
    const bias = [widthOf(weight.shape.slice(1))];
    return hasBias ? [x.shape, weight.shape, bias] : [x.shape, weight.shape];
  },
  emit: (k, { inputs: [x, weight, dy, y], outputs: [dx, dWeight, dBias], attributes }) => {
    const output = y && { y, epilogue: attributes };
    const gradients = { x, weight, dy, dx: k.needed(dx) ? dx : undefined, dWeight, dBias, output };
    const toDz = (dz: Tensor) => emitElements(k, "gradient", { y, dy, dz }, attributes);
    emitProductGradients(k, gradients, toDz, attributes.variant);
  },
};

/** Sum of all rows of a matrix, the gradient of a bias. */
export const columnSumOp: Op<null> = {
  name: "columnSum",
  outputs: ([x]) => [[columnsOf("columnSum", x)]],
  emit: (k, { inputs: [x], outputs: [y] }) => emitColumnSum(k, x, y),
};

function emitElements(k: Emitter, entry: string, bind: Record<string, Tensor>, attributes: DenseAttributes): void {
  const elements = sizeOf((bind.z ?? bind.dz).shape, k.batch);
  const width = elements % 4 === 0 ? 4 : 1;
  k.run({
    shader: width === 4 ? kernels.four : kernels.one,
    entry,
    bind,
    constants: epilogueConstants(attributes),
    params: { size: elements / width },
    grid: Math.ceil(elements / width / 256),
  });
}

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
  const { activation = "none", dropout, variant } = attributes;
  return apply(denseOp, bias ? [x, weight, bias] : [x, weight], { activation, dropout, variant });
}
