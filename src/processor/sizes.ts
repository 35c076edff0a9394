/**
 * Sizes of tensors, as forms need them.
 *
 * @module
 */
import { sizeOf, type Tensor, widthOf } from "../graph/tensor.ts";
import type { Site } from "./form.ts";

/** Returns the numbers of a tensor in so many rows; all numbers of one whose batch is not its first size. */
export function counter(site: Site, { shape }: Pick<Tensor, "shape">): (rows: number) => number {
  if (shape[0] !== "B") {
    const all = sizeOf(shape, site.batch);
    return () => all;
  }
  const width = widthOf(shape);
  return (rows) => rows * width;
}

/** Returns the vectors of the last size that a tensor has in so many rows. */
export function vectorsOf(site: Site, { shape }: Pick<Tensor, "shape">): (rows: number) => number {
  return counter(site, { shape: shape.slice(0, -1) });
}

/** Returns the last size of a tensor. */
export function lastOf({ shape }: Pick<Tensor, "shape">): number {
  return Number(shape.at(-1));
}

/** Returns the numbers of a tensor in one row. */
export function rowWidth({ shape }: Pick<Tensor, "shape">): number {
  return widthOf(shape);
}

/** Returns the sizes of a tensor of fields, `[B, F, D]`. */
export function sizesOfFields({ shape }: Tensor): { fields: number; dim: number } {
  const [fields, dim] = shape.slice(1).map(Number);
  return { fields, dim };
}
