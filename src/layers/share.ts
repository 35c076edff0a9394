/**
 * Layers whose calls use the same weights.
 *
 * @module
 */
import type { Graph } from "../graph/graph.ts";
import { SharedNames } from "../graph/shared_names.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Input } from "./input.ts";

/**
 * Makes a layer whose calls all use the parameters of its first one, and whose gradients are the sums over all calls:
 * for two towers, or for a target and the items of a history.
 *
 * Everything in the layer is shared, running statistics of batch norm too, which each call of a training step moves;
 * dropout draws new units at each call.
 *
 * @param layer builds the same layers at each call, for inputs of the same widths
 * @returns the layer; it shares within one model, and models that use it share nothing with one another
 * @throws {TypeError} at a call that declares other layers or shapes than the first one
 *
 * @example Two towers with the same weights
 * ```ts
 * import { defineModel, embedding, flatten, mlp, rowDot, selectFields, share, type Tensor } from "./mod.ts";
 * import assert from "node:assert/strict";
 *
 * const towers = defineModel("towers", (x, { dim = 8 }: { dim?: number }) => {
 *   const tower = share((e: Tensor) => mlp(e, [32, 16]));
 *   const one = flatten(embedding(selectFields(x, ["item"]), dim));
 *   const other = flatten(embedding(selectFields(x, ["last item"]), dim));
 *   return rowDot(tower(one), tower(other)); // logits [B, 1]
 * });
 * assert.equal(towers().name, "towers");
 * ```
 */
export function share<X extends Tensor | Input, Rest extends unknown[], Y>(
  layer: (x: X, ...rest: Rest) => Y,
): (x: X, ...rest: Rest) => Y {
  const names = new WeakMap<Graph, SharedNames>();
  return (x, ...rest) => {
    const known = names.get(x.graph) ?? new SharedNames();
    names.set(x.graph, known);
    return x.graph.share(known, () => layer(x, ...rest));
  };
}
