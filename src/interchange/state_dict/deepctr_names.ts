/**
 * Names in the `state_dict` of DeepCTR-Torch's models, by the name of Weft's model.
 *
 * @module
 */
import type { Names } from "./names.ts";
import type { Rule } from "./tensor.ts";

/** Names of a model, with what all models name alike. */
function names(...rules: readonly Rule[]): Names {
  return {
    tables: [[/^$/, "emb"], [/^linear_model\.$/, "lr"]],
    sequences: [],
    rules: [
      ...rules,
      [/^dnn\.linears\./, "mlp."],
      [/^dnn\.bn\.(\d+)\./, "mlp.$1.bn."],
      [/^dnn_linear\./, "top."],
      [/^out\.bias$/, "top.bias"],
    ],
  };
}

/** Names of DeepCTR-Torch's models that can be imported. */
export const DEEPCTR_NAMES: Readonly<Record<string, Names>> = {
  afm: names(
    [/^fm\.attention_W$/, "att_w.weight"],
    [/^fm\.attention_b$/, "att_w.bias"],
    [/^fm\.projection_h$/, "att_h.weight"],
    [/^fm\.projection_p$/, "top.weight"],
    [/^out\.bias$/, "lr.bias"],
  ),
  deepfm: names(),
  mlr: {
    ...names(),
    tables: [[/^region_linear_model\.(\d+)\.$/, "region.$1"]],
    // The class has more, and computes with those of the regions alone.
    unused: () => /^(?:base_linear_model|linear_model|embedding_dict|out)\./,
  },
  nfm: names(),
  pnn: names([/^outterproduct\./, "outer."]),
  wide_deep: names(),
  xdeepfm: names([/^cin\.conv1ds\./, "cin."], [/^cin_linear\./, "cin_top."]),
};
