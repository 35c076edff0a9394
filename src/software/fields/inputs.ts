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
 * @param outputs dx, and dy unless y is x
 */
export function emitInputGradients(
  k: Emitter,
  [x, y, dz, weight]: readonly Tensor[],
  { dx, dy }: { dx: Tensor; dy: Tensor | undefined },
  variant: FieldVariant,
): void {
  const [left, right, outs] = [x, y, dz].map((tensor) => fieldsOf("field_product_inputs", tensor).rows);
  const folded = dy === undefined;
  const tiles = tilesOf(left, right, folded);
  const packed = k.scratch([tiles, outs, 16]);
  // The kernel binds it, but does not write to it, where there is one gradient.
  const second = dy ?? k.scratch([4]);
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
      bind: { ...bind, dx, dy: second },
      constants: { FOLDED: folded },
      params: { ...spread, columns, left, right, outs, terms: 0, slice: 0, tiles, first: first * spread.lanes },
      grid: Math.ceil(Math.ceil(columns / block.inputColumns) / FIELD_LANES),
      flops: 8 * columns * outs * termsOf([left, right], folded),
    });
  });
}

/** Returns how many tiles of 4 x 4 pairs the weights have. */
function tilesOf(left: number, right: number, folded: boolean): number {
  const [down, across] = [Math.ceil(left / 4), Math.ceil(right / 4)];
  return folded ? across * (across + 1) / 2 : down * across;
}
