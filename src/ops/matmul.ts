/**
 * Matrix products and their gradients; dense layers add an epilogue to the same kernels.
 *
 * @module
 */
import activation from "../../shaders/activation.wgsl" with { type: "text" };
import grid from "../../shaders/grid.wgsl" with { type: "text" };
import source from "../../shaders/matmul.wgsl" with { type: "text" };
import random from "../../shaders/random.wgsl" with { type: "text" };
import step from "../../shaders/step.wgsl" with { type: "text" };
import { shader } from "../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../graph/node.ts";
import { formatShape, type Shape, sizeOf, type Tensor } from "../graph/tensor.ts";

const kernels = shader("matmul", { grid, step, activation, random, matmul: source });

/** Activations that a product's epilogue can apply. */
export type Activation = "none" | "relu" | "sigmoid" | "tanh";

/** Which operand of a product is transposed. */
export type Form = "nn" | "nt" | "tn";

/** What follows a product. */
export interface Epilogue {
  /** Added to each row. */
  readonly bias?: Tensor;
  /** Applied after the bias. */
  readonly activation: Activation;
  /** Applied last. */
  readonly dropout: { readonly rate: number; readonly salt: number } | undefined;
}

/** Numbers of the activations in `shaders/activation.wgsl`. */
export const ACTIVATIONS: Readonly<Record<Activation, number>> = { none: 0, relu: 1, sigmoid: 2, tanh: 3 };

/** Returns the product of all sizes but the last: the rows of a tensor seen as a matrix. */
export function rowsOf(shape: Shape, batch: number): number {
  return sizeOf(shape.slice(0, -1), batch);
}

/** Returns the last size of a shape, which must be a number. */
export function columnsOf(op: string, { shape }: Tensor): number {
  const last = shape.at(-1);
  if (shape.length < 2 || typeof last !== "number") {
    throw new TypeError(`Cannot build ${op}: inputs must be matrices of known width, received ${formatShape(shape)}`);
  }
  return last;
}

/** Appends the dispatches of one product with its epilogue. */
export function emitProduct(k: Emitter, form: Form, a: Tensor, b: Tensor, y: Tensor, epilogue?: Epilogue): void {
  const n = columnsOf("matmul", y);
  const m = rowsOf(y.shape, k.batch);
  const inner = form === "tn" ? rowsOf(a.shape, k.batch) : columnsOf("matmul", a);
  k.run({
    shader: kernels,
    entry: "product",
    bind: { a, b, bias: epilogue?.bias ?? b, y },
    constants: {
      A_TRANSPOSED: form === "tn",
      B_TRANSPOSED: form === "nt",
      BIAS: epilogue?.bias !== undefined,
      ACTIVATION: ACTIVATIONS[epilogue?.activation ?? "none"],
      DROPOUT: epilogue?.dropout?.rate ?? 0,
      SALT: epilogue?.dropout?.salt ?? 0,
    },
    params: { m, n, k: inner },
    grid: Math.ceil(m * n / 64),
  });
}

const nnOp: Op<null> = {
  name: "matmul",
  outputs: ([a, b]) => {
    const inner = columnsOf("matmul", a);
    const n = columnsOf("matmul", b);
    if (b.shape.length !== 2 || b.shape[0] !== inner) {
      throw new TypeError(`Cannot build matmul: b must have shape [${inner}, N], received ${formatShape(b.shape)}`);
    }
    return [[...a.shape.slice(0, -1), n]];
  },
  emit: (k, { inputs: [a, b], outputs: [y] }) => emitProduct(k, "nn", a, b, y),
  backward: ({ inputs: [a, b] }, [dy]) => dy ? [matmulNt(dy, b), matmulTn(a, dy)] : [],
};

const ntOp: Op<null> = {
  name: "matmulNt",
  outputs: ([a, b]) => {
    const inner = columnsOf("matmulNt", a);
    const [n] = b.shape;
    if (b.shape.length !== 2 || typeof n !== "number" || b.shape[1] !== inner) {
      throw new TypeError(`Cannot build matmulNt: b must have shape [N, ${inner}], received ${formatShape(b.shape)}`);
    }
    return [[...a.shape.slice(0, -1), n]];
  },
  emit: (k, { inputs: [a, b], outputs: [y] }) => emitProduct(k, "nt", a, b, y),
  backward: ({ inputs: [a, b] }, [dy]) => dy ? [matmul(dy, b), matmulTn(dy, a)] : [],
};

const tnOp: Op<null> = {
  name: "matmulTn",
  outputs: ([a, b]) => {
    const m = columnsOf("matmulTn", a);
    const n = columnsOf("matmulTn", b);
    if (a.shape.slice(0, -1).join() !== b.shape.slice(0, -1).join()) {
      throw new TypeError(
        `Cannot build matmulTn: b must have the rows of ${formatShape(a.shape)}, received ${formatShape(b.shape)}`,
      );
    }
    return [[m, n]];
  },
  emit: (k, { inputs: [a, b], outputs: [y] }) => emitProduct(k, "tn", a, b, y),
  backward: ({ inputs: [a, b] }, [dy]) => dy ? [matmulNt(b, dy), matmul(a, dy)] : [],
};

/**
 * Multiplies matrices: y[m, n] = sum_k a[m, k] b[k, n].
 *
 * @param a `[..., K]`; all sizes but the last count as rows
 * @param b `[K, N]`
 * @returns `[..., N]`
 * @throws {TypeError} when the shapes do not fit
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  return apply(nnOp, [a, b], null);
}

/**
 * Multiplies by a transposed matrix: y[m, n] = sum_k a[m, k] b[n, k].
 *
 * @param a `[..., K]`; all sizes but the last count as rows
 * @param b `[N, K]`
 * @returns `[..., N]`
 * @throws {TypeError} when the shapes do not fit
 */
export function matmulNt(a: Tensor, b: Tensor): Tensor {
  return apply(ntOp, [a, b], null);
}

/**
 * Multiplies the transpose of a matrix: y[m, n] = sum_r a[r, m] b[r, n], over all rows of the batch.
 *
 * @param a `[..., M]`; all sizes but the last count as rows
 * @param b `[..., N]` with the same rows
 * @returns `[M, N]`
 * @throws {TypeError} when the shapes do not fit
 */
export function matmulTn(a: Tensor, b: Tensor): Tensor {
  return applyAll(tnOp, [a, b], null)[0];
}
