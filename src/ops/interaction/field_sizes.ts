/**
 * Sizes of products over the field axis.
 *
 * @module
 */
import type { Tensor } from "../../graph/tensor.ts";
import { fieldsOf } from "./field_padding.ts";

/** Rows of a convolution's input and output. */
export interface Shift {
  /** Rows of each map of x. */
  readonly from: number;
  /** Rows of each map of the result. */
  readonly to: number;
  /** Rows of zeros in front of x. */
  readonly before: number;
}

/** Returns the terms of a sum over pairs, or over pairs i <= j. */
export function termsOf([p, q]: readonly number[], folded: boolean): number {
  return folded ? q * (q + 1) / 2 : p * q;
}

/** Returns the fours in rows of x and z, and how a convolution moves among them. */
export function lanesIn(x: Tensor, shift: Shift | undefined): Record<"lanes" | "in_lanes" | "step" | "before", number> {
  const step = fieldsOf("field_product", x).dim / 4;
  const { from, to, before } = shift ?? { from: 1, to: 1, before: 0 };
  return { lanes: to * step, in_lanes: from * step, step, before };
}
