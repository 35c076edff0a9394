/**
 * Search in long histories: the few items that a model looks at closely.
 *
 * @module
 */
import { type Tensor, widthOf } from "../graph/tensor.ts";
import { takePlaces } from "../ops/sequence/take_places.ts";
import { targetHeads } from "../ops/sequence/target_heads.ts";
import { type ChosenPlaces, equalPlaces, topPlaces } from "../ops/sequence/top_places.ts";
import { flatten, reshape } from "../ops/shape/reshape.ts";
import type { History } from "./embedding.ts";
import type { Input } from "./input.ts";
import { dense } from "./mlp.ts";

/** Options of {@linkcode relevance}. */
export interface RelevanceOptions {
  /** Name of the layer. @default {"relevance"} */
  name?: string;
  /** Columns of the projections. @default {64} */
  units?: number;
}

/** Scores of the items of a history, and what they make of it. */
export interface Relevance {
  /** Scores `[B, L]`, 0 past the end of a history; no gradient flows through them. */
  readonly scores: Tensor;
  /** Sum of the items by score, `[B, M D]`. */
  readonly pooled: Tensor;
}

/**
 * Scores the items of a history and adds them up: r_t = (W_a target) . (W_b x_t), and pooled = sum_t r_t x_t.
 *
 * No item is projected, since (W_a target) . (W_b x) = (W_b^T W_a target) . x. Pi et al.: Search-based User Interest
 * Modeling with Lifelong Sequential Behavior Data for Click-Through Rate Prediction. CIKM 2020.
 *
 * @param history a history whose sequences have targets
 */
export function relevance({ target, items, lengths }: History, options: RelevanceOptions = {}): Relevance {
  const { units = 64 } = options;
  const name = items.graph.uniqueName(options.name ?? "relevance");
  const projected = dense(target, units, { name: `${name}.a`, bias: false });
  const query = dense(projected, widthOf(target.shape), { name: `${name}.b`, bias: false });
  const attributes = { scale: 1, softmax: false };
  const { y, weights } = targetHeads(reshape(query, ["B", 1, widthOf(target.shape)]), items, lengths, attributes);
  return { scores: flatten(weights), pooled: flatten(y) };
}

/**
 * Keeps the `top` items of a history with the largest scores, in order of time; the newer one among equals, and all where
 * there are no more. Gradients flow to the items that are kept, and none to the scores.
 *
 * @param scores `[B, L]`
 * @throws {RangeError} when `top` is not a positive integer
 */
export function topItems(history: History, scores: Tensor, top: number): History {
  if (top >= history.places) return history;
  return take(history, topPlaces(scores, history.lengths, top));
}

/**
 * Keeps the newest `top` items of a history that share the target's row of a field, for example its category.
 *
 * @param x the batch's occurrences
 * @param sequence name of the sequence that shares the rows of the field. @default the history's last
 * @throws {RangeError} when there is no such sequence, it is of no field, or `top` is not a positive integer
 */
export function equalItems(x: Input, history: History, top: number, sequence?: string): History {
  const { sequences, ids } = x.histories!.find(({ name }) => name === history.name)!;
  const member = sequence === undefined ? sequences.length - 1 : sequences.findIndex(({ name }) => name === sequence);
  const field = sequences[member]?.target;
  if (field === undefined) {
    throw new RangeError(
      `Cannot keep equal items: the sequence must be of a field (${
        sequences.filter(({ target }) => target !== undefined).map(({ name }) => name).join(", ")
      }), received "${sequence ?? sequences[member].name}"`,
    );
  }
  const places = { top, field, member, members: sequences.length };
  return take(history, equalPlaces(x.ids, ids, history.lengths, places));
}

function take(history: History, chosen: ChosenPlaces): History {
  return {
    name: history.name,
    targets: history.targets,
    items: takePlaces(history.items, chosen),
    lengths: chosen.counts,
    places: Number(chosen.places.shape[1]),
    get target() {
      return history.target;
    },
  };
}
