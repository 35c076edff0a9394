/**
 * MaskNet.
 *
 * Z. Wang, Q. She, J. Zhang: MaskNet: Introducing Feature-Wise Multiplication to CTR Ranking Models by Instance-Guided
 * Mask. DLP-KDD 2021, arXiv:2102.07619. Implements the serial and the parallel model of section 3.4.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import { concat, dense, embedding, flatten, layerNorm, maskBlock, mlp } from "../src/layers/mod.ts";

/** Options of {@linkcode masknet}. */
export interface MasknetOptions {
  /** Width D of an embedding. @default {16} */
  dim?: number;
  /** Whether blocks stand side by side below a perceptron, or in a row. @default {"parallel"} */
  structure?: "parallel" | "serial";
  /** Parallel: blocks side by side. @default {3} */
  blocks?: number;
  /** Parallel: width of a block's output. @default {64} */
  width?: number;
  /** Parallel: widths of the perceptron; serial: widths of the blocks. @default {[400, 400, 400]} */
  hidden?: readonly number[];
  /** Width of a mask's hidden layer over that of what it masks. @default {2} */
  ratio?: number;
  /** Whether embeddings are layer-normalized, each field by itself, before they are masked. @default {true} */
  embeddingNorm?: boolean;
  /** Whether a block's output is layer-normalized. @default {true} */
  blockNorm?: boolean;
  /** Probability of zeroing an output in training. @default {0} */
  dropout?: number;
}

/** Defines MaskNet: blocks relu(LN((m(x) * h) W)) with m(x) = W_2 relu(W_1 x), h the embeddings or the block before. */
export const masknet: DefinitionFactory<MasknetOptions> = defineModel("masknet", (x, options: MasknetOptions) => {
  const { dim = 16, structure, blocks = 3, width = 64, hidden = [400, 400, 400], dropout = 0 } = options;
  const settings = { ratio: options.ratio ?? 2, layerNorm: options.blockNorm, dropout };
  const fields = embedding(x, dim); // [B, F, D]
  const e = flatten(fields);
  const h = options.embeddingNorm === false ? e : flatten(layerNorm(fields, { byField: true }));
  if (structure === "serial") {
    const last = hidden.reduce((h, units) => maskBlock(e, h, units, settings), h);
    return dense(last, 1, { name: "top" }); // logits [B, 1]
  }
  const masked = Array.from({ length: blocks }, () => maskBlock(e, h, width, settings));
  return mlp(concat(...masked), [...hidden, 1], { dropout }); // logits [B, 1]
});
