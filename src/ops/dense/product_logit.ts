/**
 * Products of probabilities that are given by their log-odds.
 *
 * @module
 */
import source from "../../../shaders/dense/product_logit.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Op } from "../../graph/node.ts";
import { formatShape, sizeOf, type Tensor } from "../../graph/tensor.ts";

const kernels = shader("product_logit", { grid, product_logit: source });

const productLogitOp: Op<null> = {
  name: "product_logit",
  outputs: ([a, b]) => {
    if (a.shape.join() !== b.shape.join()) {
      throw new TypeError(
        `Cannot build product_logit: b must have shape ${formatShape(a.shape)}, received ${formatShape(b.shape)}`,
      );
    }
    return [a.shape];
  },
  emit: (k, { inputs: [a, b], outputs: [y] }) => {
    const size = sizeOf(a.shape, k.batch);
    k.run({ shader: kernels, entry: "forward", bind: { a, b, y }, params: { size }, grid: Math.ceil(size / 64) });
  },
  backward: ({ inputs: [a, b] }, [dy]) => dy ? [...applyAll(gradientOp, [a, b, dy], null)] : [],
};

const gradientOp: Op<null> = {
  name: "product_logit_backward",
  outputs: ([a, b]) => [a.shape, b.shape],
  emit: (k, { inputs: [a, b, dy], outputs: [da, db] }) => {
    const size = sizeOf(a.shape, k.batch);
    const bind = { a, b, dy, da, db };
    k.run({ shader: kernels, entry: "backward", bind, params: { size }, grid: Math.ceil(size / 64) });
  },
};

/**
 * Returns the log-odds of a product of probabilities: y = log(p / (1 - p)) with p = sigmoid(a) sigmoid(b). It is computed
 * as -log(exp(-a) + exp(-b) + exp(-a - b)), so that it keeps its digits where p is close to 0 or 1.
 *
 * @param a log-odds
 * @param b log-odds, of the shape of `a`
 * @throws {TypeError} when the shapes differ
 */
export function productLogit(a: Tensor, b: Tensor): Tensor {
  return apply(productLogitOp, [a, b], null);
}
