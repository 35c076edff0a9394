/**
 * Field-aware factorization machine.
 *
 * Y. Juan, Y. Zhuang, W.-S. Chin, C.-J. Lin: Field-aware Factorization Machines for CTR Prediction. RecSys 2016.
 * Implements equation 4 with a first-order term, or as the authors' library trains it: instance-normalized, without one.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { uniform } from "../src/initializer.ts";
import { add, embedding, ffmInteraction, inverseNorm, linear, multiply, scale } from "../src/layers/mod.ts";

/** Options of {@linkcode ffm}. */
export interface FfmOptions {
  /** Width D of one vector; a value has one for each other field. @default {16} */
  dim?: number;
  /**
   * Whether products are divided by the squared norm of the sample's values, there is no first-order term, and vectors
   * start uniformly in [0, 1 / sqrt(D)].
   *
   * @default {false}
   */
  instanceNorm?: boolean;
}

/** Defines FFM: logit = b + sum_f w_f + sum_{i<j} <v(i, j), v(j, i)>. */
export const ffm: DefinitionFactory<FfmOptions> = defineModel(
  "ffm",
  (x, { dim = 16, instanceNorm = false }: FfmOptions) => {
    const width = (x.fields.length - 1) * dim;
    if (!instanceNorm) return add(linear(x), ffmInteraction(embedding(x, width, { name: "ffm" }))); // logits [B, 1]
    const y = ffmInteraction(embedding(x, width, { name: "ffm", initializer: uniform(0, dim ** -0.5) }));
    return x.values ? multiply(y, inverseNorm(x.values)) : scale(y, 1 / x.fields.length); // logits [B, 1]
  },
);
