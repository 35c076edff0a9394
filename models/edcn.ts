/**
 * Enhanced Deep & Cross Network.
 *
 * B. Chen, Y. Wang, Z. Liu, R. Tang, W. Guo, H. Zheng, W. Yao, M. Zhang, X. He: Enhancing Explicit and Implicit Feature
 * Interactions via Information Sharing for Parallel Deep CTR Models. CIKM 2021. Implements equations 5 to 12: after each
 * layer a bridge joins the cross and the deep stream, and field gates hand its output to both again.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  bridge,
  type BridgeKind,
  concat,
  crossStep,
  dense,
  embedding,
  flatten,
  mlp,
  regulate,
} from "../src/layers/mod.ts";

/** Options of {@linkcode edcn}. */
export interface EdcnOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
  /** Cross layers, and deep layers beside them. @default {3} */
  layers?: number;
  /** How the streams are joined after each layer. @default {"product"} */
  bridge?: BridgeKind;
  /** Whether a cross layer adds the row that it crosses, as in DCN; in FuxiCTR it does not. @default {true} */
  crossResidual?: boolean;
  /** Whether gates weight the fields for each stream; otherwise both get them as they are. @default {true} */
  regulation?: boolean;
  /** Temperature of the gates. @default {1} */
  temperature?: number;
  /** Whether gated fields are batch-normalized. @default {false} */
  batchNorm?: boolean;
  /** Probability of zeroing a unit of the deep stream in training. @default {0} */
  dropout?: number;
}

/** Defines EDCN: logit = w . [cross, deep, bridge] + b after L layers whose inputs are gated from the bridge before. */
export const edcn: DefinitionFactory<EdcnOptions> = defineModel("edcn", (x, options: EdcnOptions) => {
  const { dim = 16, layers = 3, temperature = 1, batchNorm = false, dropout = 0 } = options;
  const e = embedding(x, dim); // [B, F, D]
  const width = x.fields.length * dim;
  let [joined, first, crossed, deep] = [flatten(e), flatten(e), flatten(e), flatten(e)]; // [B, F D]
  for (let l = 0; l < layers; l++) {
    const gated = (name: string) =>
      options.regulation === false ? joined : regulate(joined, x.fields.length, { name, temperature, batchNorm });
    [crossed, deep] = [gated(`regulation.${l}.cross`), gated(`regulation.${l}.deep`)];
    if (l === 0) first = crossed;
    crossed = crossStep(first, crossed, { name: `cross.${l}`, residual: options.crossResidual });
    deep = mlp(deep, [width], { name: `deep.${l}`, dropout, hiddenOnly: true });
    joined = bridge(crossed, deep, options.bridge ?? "product", { name: `bridge.${l}` });
  }
  return dense(concat(crossed, deep, joined), 1, { name: "top" }); // logits [B, 1]
});
