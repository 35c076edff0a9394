/**
 * Tensors put side by side, taken apart and given other shapes.
 *
 * @module
 */
import { sizeAt, translation, type Translations } from "../translation.ts";

interface Columns {
  readonly from: number;
  readonly count: number;
}

/** Translations of the ops in `src/ops/shape/`. */
export const shape: Translations = {
  reshape: (g, [x], { outputs }) => g.reshape(x, outputs[0]),
  stop_gradient: (_, [x]) => x,
  concat: (g, parts) => g.concat(parts, -1),
  side_by_side: (g, parts) => g.concat(parts, 1),
  split: translation<readonly number[]>((g, [x], { attributes: widths }) =>
    g.ops("Split", [x, g.ints(widths)], widths.length, { attributes: { axis: -1 } })
  ),
  columns: translation<Columns>((g, [x], { attributes: { from, count } }) => g.slice(x, -1, from, from + count)),
  pad: translation<Columns>((g, [x], { attributes: { from, count }, shapes: [own] }) => {
    const zeros = Array(own.length - 1).fill(0);
    const pads = g.ints([...zeros, from, ...zeros, count - from - sizeAt(own, -1)]);
    return g.op("Pad", [x, pads], { mode: "constant" });
  }),
};
