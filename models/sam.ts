/**
 * Self-attention models without a softmax.
 *
 * Y. Cheng, Y. Xue: Looking at CTR Prediction Again: Is Attention All You Need? SIGIR 2021, arXiv:2105.05563. Implements
 * SAM2 and SAM3, each with vectors of all pairs (A) and with element products (E). Embeddings of SAM2E start with a length
 * near 1, since their products of four would vanish beside Adam's epsilon otherwise.
 *
 * @module
 */
import { normal } from "../src/initializer.ts";
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  dense,
  embedding,
  fieldLinear,
  fieldMean,
  fieldSum,
  flatten,
  similarityLayer,
  similarityLogit,
} from "../src/layers/mod.ts";

/** Options of {@linkcode sam}. */
export interface SamOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
  /** Which of the paper's models it is. @default {"2e"} */
  type?: "2a" | "2e" | "3a" | "3e";
  /** Layers of SAM3. @default {3} */
  layers?: number;
  /** How SAM3 joins the fields: side by side, with a learned weight each, by their mean or their sum. @default {"concat"} */
  aggregation?: "concat" | "weighted" | "mean" | "sum";
}

/** Defines SAM: logit = w . [<e_i, e_j> v_ij for all i, j] + b, or w . x_L + b after layers of such sums. */
export const sam: DefinitionFactory<SamOptions> = defineModel("sam", (x, options: SamOptions) => {
  const { dim = 16, type = "2e", layers = 3, aggregation = "concat" } = options;
  const kind = type.endsWith("a") ? "all" : "element";
  const e = embedding(x, dim, { initializer: type === "2e" ? normal(dim ** -0.5) : undefined }); // [B, F, D]
  if (type.startsWith("2")) return similarityLogit(e, { kind }); // logits [B, 1]
  let fields = e;
  for (let l = 0; l < layers; l++) fields = similarityLayer(fields, { name: `sam.${l}`, kind }); // [B, F, D]
  if (aggregation === "mean") fields = fieldMean(fields);
  if (aggregation === "sum") fields = fieldSum(fields);
  if (aggregation === "weighted") fields = fieldLinear(fields, 1, { name: "pool" });
  return dense(flatten(fields), 1, { name: "top" }); // logits [B, 1]
});
