/**
 * Attentional pooling of pairs of fields.
 *
 * @module
 */
import { xavierNormal, zeros } from "../initializer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { attentionalPooling as pool } from "../ops/interaction/afm.ts";
import { fieldSizes } from "../ops/interaction/pairs.ts";

/** Options of {@linkcode attentionalPooling}. */
export interface AttentionalPoolingOptions {
  /** Prefix of the weights' names. @default {"att"} */
  name?: string;
  /** Width A of the hidden layer. @default {16} */
  hidden?: number;
  /** Probability of zeroing an attention weight in training. @default {0} */
  dropout?: number;
}

/**
 * Pools the element products of all pairs of fields by attention: v = sum_{i<j} a_ij e_i * e_j with
 * a = softmax(h relu((e_i * e_j) W + c)).
 *
 * Exposes a as `attention` `[B, F (F - 1) / 2]`. Xiao et al.: Attentional Factorization Machines. IJCAI 2017.
 *
 * @param e embeddings `[B, F, D]`
 * @returns `[B, D]`
 * @throws {RangeError} when there are less than two fields or `dropout` is outside [0, 1)
 */
export function attentionalPooling(e: Tensor, options: AttentionalPoolingOptions = {}): Tensor {
  const { hidden = 16, dropout = 0 } = options;
  const { graph } = e;
  const name = graph.uniqueName(options.name ?? "att");
  const { v, attention } = pool(e, {
    weight: graph.parameter(`${name}_w.weight`, [fieldSizes("attentionalPooling", e).dim, hidden], xavierNormal()),
    bias: graph.parameter(`${name}_w.bias`, [hidden], zeros()),
    head: graph.parameter(`${name}_h.weight`, [hidden, 1], xavierNormal()),
    dropout: { rate: dropout, salt: graph.nextSalt() },
  });
  graph.expose("attention", attention);
  return v;
}
