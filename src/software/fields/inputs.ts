/**
 * Gradients of products of fields by both of their rows.
 *
 * @module
 */
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { eachLaunch, fieldBlock, fieldShader, type FieldVariant } from "./launch.ts";
import { fieldsOf } from "../../ops/interaction/field_padding.ts";
import { around, NO_PARAMS } from "../../ops/interaction/field_product.ts";
import { lanesIn, termsOf } from "../../ops/interaction/field_sizes.ts";
import { FIELD_LANES } from "./source.ts";

/**
 * Appends the gradients by both rows of pairs, which share the sums over H; where y is x there is one, of both. The
 * kernel has few, long invocations: it is one for processors.
 *
 * @param inputs x, y, dz and weights `[I J, H]`
 * @param outputs dx, dy (four floats of no meaning where folded), and scratch of the shape of {@linkcode tileShape}
 */
export function emitInputGradients(
  k: Emitter,
  [x, y, dz, weight]: readonly Tensor[],
  { dx, dy, packed, folded }: { dx: Tensor; dy: Tensor; packed: Tensor; folded: boolean },
  variant: FieldVariant,
): void {
  const [left, right, outs] = [x, y, dz].map((tensor) => fieldsOf("field_product_inputs", tensor).rows);
  const [tiles] = packed.shape as readonly number[];
  k.run({
    shader: around,
    entry: "arrange_tiles",
    bind: { w: weight, packed },
    constants: { FOLDED: folded },
    params: { ...NO_PARAMS, p: left, q: right, r: outs, rows: tiles },
    grid: Math.ceil(4 * tiles * outs / 64),
  });
  const spread = lanesIn(x, undefined);
  const block = fieldBlock(variant, outs);
  eachLaunch(k, variant, { x, y, dz, w: packed }, 1, (bind, { first, count }) => {
    const columns = count * spread.lanes;
    k.run({
      shader: fieldShader(block),
      entry: "inputs",
      bind: { ...bind, dx, dy },
      constants: { FOLDED: folded },
      params: { ...spread, columns, left, right, outs, terms: 0, slice: 0, tiles, first: first * spread.lanes },
      grid: Math.ceil(Math.ceil(columns / block.inputColumns) / FIELD_LANES),
      flops: 8 * columns * outs * termsOf([left, right], folded),
    });
  });
}
