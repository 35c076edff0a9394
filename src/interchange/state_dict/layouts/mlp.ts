/**
 * Layouts of perceptrons and of models that are little more.
 *
 * @module
 */
import type { Layout, Shapes } from "../layout.ts";
import { type Convert, eachOf, inTurn, rename, type Rule, transpose } from "../tensor.ts";

/** Returns the number of the last layer of a model's perceptron. */
function lastLayer(model: Shapes, name = "mlp"): number {
  let last = -1;
  while (Object.hasOwn(model, `${name}.${last + 1}.weight`)) last++;
  return last;
}

/** Names a last dense layer that stands apart as the last of the perceptron. */
export const lastOfMlp: Layout = (model) => rename([/^top\./, `mlp.${lastLayer(model)}.`]);

/** Names the last layer of a perceptron as one that stands apart, where the model has it so. */
export const topOfMlp: Layout = (model) =>
  Object.hasOwn(model, "top.weight") ? rename([new RegExp(`^mlp\\.${lastLayer(model) + 1}\\.`), "top."]) : (all) => all;

/** The perceptron of DCN-V2 that stands on top of its cross network. */
export const dcnv2: Layout = () => rename([/^stack\b/, "mlp"]);

/** The first layer above AFN's neurons is theirs, and powers are [out, in]. */
export const afn: Layout = (model) => {
  const above = Array.from({ length: lastLayer(model) + 1 }, (_, l): Rule => [
    new RegExp(`^afn\\.${l + 1}\\.`),
    `mlp.${l}.`,
  ]);
  return inTurn(
    rename(
      [/^log\.bn\./, "log_bn."],
      [/^exp\.bn\./, "neurons.bn."],
      [/^coef\.weight$/, "neurons.powers"],
      [/^afn\.0\./, "neurons."],
      ...above,
      [/^emb2\./, "deep_embedding."],
      [/^mlp\./, "deep."],
    ),
    eachOf(/^neurons\.powers$/, transpose),
  );
};

/** Deep crossing's residual blocks. */
export const deepcrossing: Layout = () => rename([/^res\.0\b/, "residual"], [/^res\.(\d+)\b/, "residual_$1"]);

/** FLEN's sums within and between groups of fields. */
export const flen: Layout = () => rename([/^mf\./, "fieldwise.between."], [/^fm\./, "fieldwise.within."]);

/** The table of PPNet's gates. */
export const ppnet: Layout = () => rename([/^gate_emb\./, "gate_embedding."]);

/** The generated layers of APG. */
export const apg: Layout = () => {
  const names: Convert = rename([/^([UV]|bias)\.(\d+)$/, "apg.$2.$1"], [/^hyper\.(\d+)\./, "apg.$1.hyper."]);
  return inTurn(names, eachOf(/^apg\.\d+\.bias$/, (tensor) => ({ ...tensor, shape: tensor.shape.slice(1) })));
};
