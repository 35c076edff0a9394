/**
 * Deep multi-interest network.
 *
 * Xiao, Yang, Jiang, Wei, Hu, Wang: Deep Multi-Interest Network for Click-through Rate Prediction. CIKM 2020. Implements
 * equations 3 to 11 without the auxiliary loss: a refiner lets items see those before them, each head of an extractor
 * gives a history of its own, and the target attends to each of these.
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  add,
  atLeast,
  attendPlaces,
  columns,
  compare,
  concat,
  dense,
  embeddings,
  flatten,
  type History,
  historySelfAttention,
  layerNorm,
  learnedPositions,
  mlp,
  placeSoftmax,
  repeat,
  reshape,
  type Tensor,
  weightedPool,
} from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of DMIN. */
export interface DminOptions extends DnnOptions {
  /** Widths of the hidden layers. @default {[512, 256, 128]} */
  hidden?: readonly number[];
  /** Widths of the hidden layers that score an item of a history. @default {[64]} */
  attention?: readonly number[];
  /** Heads, each of which extracts an interest. @default {2} */
  heads?: number;
  /** Width of the vectors of positions. @default {8} */
  positionDim?: number;
}

/** Defines DMIN: logit = MLP([interest_1, ..., interest_H, e_1, ..., e_F]). */
export const dmin: DefinitionFactory<DminOptions> = defineModel(
  "dmin",
  (x, options: DminOptions) => {
    const { dim = 16, hidden = [512, 256, 128], attention = [64], heads = 2, positionDim: width = 8 } = options;
    const { dropout = 0, batchNorm = false } = options;
    const { fields, histories } = embeddings(x, dim); // [B, F, D]
    const interests = ({ items, target, places, lengths: all }: History): Tensor[] => {
      const lengths = atLeast(all, places); // an empty history reads zeros everywhere
      const size = Number(target.shape[1]);
      const feedForward = (s: Tensor, name: string) =>
        add(dense(dense(s, 2 * size, { name: `${name}.0`, activation: "relu" }), size, { name: `${name}.1` }), s);
      const refined = historySelfAttention({ x: items, lengths }, { heads, causal: true, name: "refiner" });
      const h = feedForward(layerNorm(add(refined, items), { name: "refiner.ln" }), "refiner.ffn"); // [B, L, M D]
      const mixed = attendPlaces({ x: h, lengths }, size, { heads, causal: true, name: "extractor", bias: false });
      return Array.from({ length: heads }, (_, head) => {
        const own = columns(mixed, head * size / heads, size / heads); // [B, L, M D / H]
        const name = `extractor.${head}`;
        const z = layerNorm(add(dense(own, size, { name: `${name}.o`, bias: false }), h), { name: `${name}.ln` });
        const y = feedForward(z, `${name}.ffn`);
        const placed = learnedPositions(
          { x: repeat(target, places), lengths },
          { apart: true, width, name: `${name}.pos` },
        );
        const query = dense(placed, size, { name: `${name}.q` });
        const scores = mlp(compare(query, y), [...attention, 1], { name: `${name}.att` });
        return weightedPool(y, placeSoftmax(reshape(scores, ["B", places]), lengths), lengths); // [B, M D]
      });
    };
    const input = concat(...histories.flatMap(interests), flatten(fields));
    return mlp(input, [...hidden, 1], { dropout, batchNorm }); // logits [B, 1]
  },
  { readsHistories: true },
);
