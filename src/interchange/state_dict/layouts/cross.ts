/**
 * Layouts of models with cross networks, gates and blocks of masks.
 *
 * @module
 */
import type { Layout } from "../layout.ts";
import {
  type Convert,
  each,
  eachOf,
  gather,
  inTurn,
  rename,
  reshape,
  sideBySide,
  stack,
  transpose,
} from "../tensor.ts";
import { topOfMlp } from "./mlp.ts";

/** The vectors of all layers of DCN are rows of one tensor; a weight is turned back by the rule for dense layers. */
export const dcn: Layout = () =>
  inTurn(
    stack(/^cross\.\d+\.(?<kind>\w+)$/, (kind) => `cross.${kind}`),
    eachOf(/^cross\.weight$/, transpose),
  );

/** Puts experts side by side: V to [n, K r], U to [K r, n], C transposed, one column of gates for each expert. */
export const dcnMix: Layout = () => (tensors) => {
  const gates = tensors.filter(({ name }) => name.startsWith("cross.gate."));
  const others = tensors.filter((tensor) => !gates.includes(tensor)).map((tensor) => {
    const [, kind, layer] = /^cross\.(\w+)\.(\d+)$/.exec(tensor.name) ?? [];
    const named = { ...tensor, name: `cross.${layer}.${kind?.toLowerCase()}` };
    const [experts, n, rank] = tensor.shape;
    const wide = experts * rank;
    if (kind === "V") {
      return gather(named, [n, wide], (i) => {
        const [row, column] = [Math.floor(i / wide), i % wide];
        return (Math.floor(column / rank) * n + row) * rank + column % rank;
      });
    }
    if (kind === "U") {
      return gather(named, [wide, n], (i) => {
        const [row, column] = [Math.floor(i / n), i % n];
        return (Math.floor(row / rank) * n + column) * rank + row % rank;
      });
    }
    if (kind === "C") {
      return gather(named, tensor.shape, (i) => {
        const [expert, at] = [Math.floor(i / (rank * rank)), i % (rank * rank)];
        return (expert * rank + at % rank) * rank + Math.floor(at / rank);
      });
    }
    return kind ? reshape(named, tensor.shape.slice(0, 1)) : tensor;
  });
  if (gates.length === 0) return others;
  return [...others, sideBySide("cross.gate", gates.map((gate) => reshape(gate, [gate.data.length, 1])))];
};

/** The gates of FinalMLP, and the weights of its fusion by head. */
export const finalmlp: Layout = (model) =>
  inTurn(
    rename(
      [/^ctx\.(.+)$/, "gate1.context.$1"],
      [/^ctx_2\.(.+)$/, "gate2.context.$1"],
      [/^ctx(\d)$/, "gate$1.context"],
      [/^fs(\d)/, "gate$1.mlp"],
      [/^fusion\.xy$/, "fusion.weight"],
      [/^fusion\.x\./, "fusion.a."],
      [/^fusion\.y\./, "fusion.b."],
    ),
    eachOf(/^fusion\.weight$/, (tensor) => reshape(tensor, model["fusion.weight"].shape)),
  );

/** The gate of FinalNet's fields, whose bias is a column. */
export const finalnet: Layout = () =>
  inTurn(
    rename([/^gate\./, "field_gate."], [/^fc/, "top"]),
    eachOf(/^field_gate\.bias$/, (tensor) => reshape(tensor, [tensor.data.length, 1])),
  );

/** GDCN's gates; the last layer of a perceptron on top of them stands apart. */
export const gdcn: Layout = (model) =>
  inTurn(rename([/^gate\.(\d+)\.weight$/, "cross.$1.gate.weight"]), topOfMlp(model));

/** EDCN's regulation, whose gates are rows. */
export const edcn: Layout = () =>
  inTurn(
    rename([/^reg\.(\d+)\.g1$/, "regulation.$1.cross.gate"], [/^reg\.(\d+)\.g2$/, "regulation.$1.deep.gate"]),
    eachOf(/gate$/, (tensor) => reshape(tensor, [1, tensor.data.length])),
  );

/** MaskNet's blocks, and the norms of its fields as rows of one. */
export const masknet: Layout = () => {
  const norms: Convert = inTurn(
    stack(/^emb_norm\.\d+\.(?<kind>\w+)$/, (kind) => `ln.${kind}`),
    eachOf(/^ln\.weight$/, transpose),
  );
  return inTurn(
    rename([/^block\.0\.(?:mask\.)?/, "mask."], [/^block\.(\d+)\.(?:mask\.)?/, "mask_$1."]),
    norms,
  );
};

/** Wukong's projection is [in, out] already, and the layer norm takes the residual's bias away. */
export const wukong: Layout = () =>
  inTurn(
    rename(
      [/^fm\.(\d+)\.proj$/, "wukong.$1.proj.weight"],
      [/^fm\.(\d+)\.ln\./, "wukong.$1.ln."],
      [/^fm\.(\d+)\./, "wukong.$1.fm."],
      [/^lin\.(\d+)\./, "wukong.$1.linear."],
      [/^res\.(\d+)\./, "wukong.$1.residual."],
      [/^out\.(\d+)\.ln\./, "wukong.$1.out."],
    ),
    (tensors) => tensors.filter(({ name }) => !name.endsWith("residual.bias")),
    eachOf(/proj\.weight$/, transpose),
  );

/** EulerNet's biases are [1, D, N], and the radii [1, F, 1]. */
export const eulernet: Layout = () =>
  inTurn(
    rename(
      [/^(euler\.\d+)\.bias_lam$/, "$1.radius"],
      [/^(euler\.\d+)\.bias_theta$/, "$1.angle"],
      [/^(euler\.\d+)\.im\./, "$1.linear."],
      [/^(euler\.\d+)\.ln_r\./, "$1.ln_re."],
      [/^(euler\.\d+)\.ln_p\./, "$1.ln_im."],
      [/^reg\./, "top."],
    ),
    each((tensor) => {
      if (tensor.name === "mu") return reshape(tensor, tensor.shape.slice(1));
      const isBias = /\.(?:radius|angle)$/.test(tensor.name);
      return isBias ? transpose(reshape(tensor, tensor.shape.slice(1))) : tensor;
    }),
  );
