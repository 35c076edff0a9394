/**
 * What follows a matrix product in the same kernel.
 *
 * @module
 */
import type { Constants } from "../../gpu/shader.ts";
import type { Tensor } from "../../graph/tensor.ts";

/** Activations that a product's epilogue can apply. */
export type Activation = "none" | "relu" | "sigmoid" | "tanh" | "leaky_relu";

/** Numbers of the activations in `shaders/dense/activation.wgsl`. */
export const ACTIVATIONS: Readonly<Record<Activation, number>> = {
  none: 0,
  relu: 1,
  sigmoid: 2,
  tanh: 3,
  leaky_relu: 4,
};

/** What follows a product. */
export interface ProductEpilogue {
  /** Added to each row. */
  readonly bias?: Tensor;
  /** Applied after the bias. */
  readonly activation?: Activation;
  /** Applied last. */
  readonly dropout?: { readonly rate: number; readonly salt: number };
}

/** An epilogue and what came out of it. */
export interface EpilogueOutput {
  /** The output. */
  readonly y: Tensor;
  /** The epilogue. */
  readonly epilogue: ProductEpilogue;
}

/** Returns the constants of `shaders/dense/activation.wgsl`, `shaders/common/random.wgsl` and the product's own for an epilogue. */
export function epilogueConstants({ bias, activation = "none", dropout }: ProductEpilogue): Constants {
  return {
    BIAS: bias !== undefined,
    ACTIVATION: ACTIVATIONS[activation],
    DROPOUT: dropout?.rate ?? 0,
    SALT: dropout?.salt ?? 0,
  };
}
