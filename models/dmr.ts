/**
 * Deep match to rank: how relevant a user's history is to the target, as numbers of their own.
 *
 * Lyu, Dong, Huo, Ren: Deep Match to Rank Model for Personalized Click-Through Rate Prediction. AAAI 2020. Implements
 * equations 3 to 12 but for the auxiliary match network: the history attended to by its positions and matched with an
 * output vector of the target (user to item), and attended to by the target (item to item).
 *
 * @module
 */
import { defineModel, type DefinitionFactory } from "../src/definition.ts";
import {
  activation,
  columns,
  compare,
  concat,
  dense,
  embedding,
  embeddings,
  flatten,
  type History,
  learnedPositions,
  mlp,
  placeSoftmax,
  poolHistory,
  repeat,
  reshape,
  rowDot,
  selectFields,
  type Tensor,
  weightedPool,
} from "../src/layers/mod.ts";
import type { DnnOptions } from "./dnn.ts";

/** Options of DMR. */
export interface DmrOptions extends DnnOptions {
  /** Widths of the hidden layers. @default {[512, 256, 128]} */
  hidden?: readonly number[];
  /** Widths of the hidden layers that score an item of a history. @default {[64]} */
  attention?: readonly number[];
  /** Width of the vectors of positions, which count back from the latest item. @default {8} */
  positionDim?: number;
}

/** Defines DMR: logit = MLP([u, Σ_t s_t, <y, output of the target>, e_1, ..., e_F]). */
export const dmr: DefinitionFactory<DmrOptions> = defineModel(
  "dmr",
  (x, options: DmrOptions) => {
    const { dim = 16, hidden = [512, 256, 128], attention = [64], positionDim: width = 8 } = options;
    const { dropout = 0, batchNorm = false } = options;
    const { fields, histories } = embeddings(x, dim); // [B, F, D]
    const relevance = ({ items, target, targets, lengths, places }: History): Tensor[] => {
      const size = Number(target.shape[1]);
      const score = (name: string, before: Tensor, kept: number): Tensor => {
        const placed = learnedPositions({ x: before, lengths }, {
          apart: true,
          from: "latest",
          width,
          name: `${name}.pos`,
        });
        const seen = kept > 0 ? placed : columns(placed, size, width); // [B, L, kept + P]
        const query = activation(dense(seen, size, { name: `${name}.q` }), "relu");
        return reshape(mlp(compare(query, items), [...attention, 1], { name: `${name}.att` }), ["B", places]);
      };
      const toItem = score("i2i", repeat(target, places), size);
      const interest = weightedPool(items, placeSoftmax(toItem, lengths), lengths); // [B, M D]
      const likeness = poolHistory(reshape(toItem, ["B", places, 1]), lengths, "sum"); // [B, 1]
      const toUser = placeSoftmax(score("u2i", items, 0), lengths);
      const user = dense(weightedPool(items, toUser, lengths), size, { name: "u2i.o", activation: "relu" });
      const output = flatten(embedding(selectFields(x, targets), dim, { name: "out" })); // [B, M D]
      return [interest, likeness, rowDot(user, output)];
    };
    const input = concat(...histories.flatMap(relevance), flatten(fields));
    return mlp(input, [...hidden, 1], { dropout, batchNorm }); // logits [B, 1]
  },
  { readsHistories: true },
);
