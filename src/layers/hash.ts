/**
 * Hashes of embeddings by the signs of their projections on fixed random directions, and search by them.
 *
 * @module
 */
import { normal } from "../initializer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { hashAttention as attend } from "../ops/sequence/hash_attention.ts";
import { hashLikeness as compareCodes } from "../ops/sequence/hash_likeness.ts";
import { takePlaces } from "../ops/sequence/take_places.ts";
import { topPlaces } from "../ops/sequence/top_places.ts";
import { concat } from "../ops/shape/concat.ts";
import type { History } from "./embedding.ts";
import type { Places } from "./history_attention.ts";

/** Options of {@linkcode hashAttention}. */
export interface HashAttentionOptions {
  /** Name of the layer. @default {"hash"} */
  name?: string;
  /** Hashes m. @default {48} */
  hashes?: number;
  /** Bits of a hash: the more, the more like the target must be what collides with it. @default {3} */
  bits?: number;
  /** Whether the sum of each hash is divided by its Euclidean length. @default {false} */
  normalize?: boolean;
}

/** Returns random directions that are saved with the model and never trained, `[codes, bits, N]`. */
function directionsOf({ graph, shape }: Tensor, name: string, codes: number, bits: number): Tensor {
  return graph.statistic(`${graph.uniqueName(name)}.directions`, [codes, bits, Number(shape.at(-1))], normal(1));
}

/**
 * Adds the items of a history that collide with the target under hashes of their signs: y = 1/m sum_j s_j, and s_j is the
 * sum, perhaps divided by its length, of the items whose hash j is the target's.
 *
 * Bit i of hash j of v is 1 where v . directions[j, i, :] > 0. Gradients flow through the added items alone. Cao et
 * al.: Sampling Is All You Need on Modeling Long-Term User Behaviors for CTR Prediction. CIKM 2022.
 *
 * @param history a history whose sequences have targets
 * @returns `[B, M D]`; zeros where nothing collides
 * @throws {RangeError} when a hash has more than 32 bits, or all have more than 2048
 */
export function hashAttention({ target, items, lengths }: History, options: HashAttentionOptions = {}): Tensor {
  const { name = "hash", hashes = 48, bits = 3, normalize = false } = options;
  return attend(target, items, lengths, directionsOf(target, name, hashes, bits), normalize);
}

/** Options of {@linkcode hashLikeness}. */
export interface HashLikenessOptions {
  /** Name of the layer. @default {"hash"} */
  name?: string;
  /** Bits of a code. @default {32} */
  bits?: number;
}

/**
 * Counts the bits that the codes of the target and of each item share: the random directions on which both project with
 * the same sign. No gradient flows. Chen et al.: Efficient Long Sequential User Data Modeling for Click-Through Rate
 * Prediction. DLP-KDD 2022.
 *
 * @param history a history whose sequences have targets
 * @returns `[B, L]`, -1 past the end of a history
 * @throws {RangeError} when there are more than 32 bits and they are not a multiple of 32, or more than 2048
 */
export function hashLikeness({ target, items, lengths }: History, options: HashLikenessOptions = {}): Tensor {
  return compareCodes(target, items, lengths, wordsOf(target, options));
}

/** Returns the directions of codes of up to 32 bits each. */
function wordsOf(x: Tensor, { name = "hash", bits = 32 }: HashLikenessOptions): Tensor {
  if (bits > 32 && bits % 32 !== 0) {
    throw new RangeError(`Cannot build hashLikeness: more than 32 bits must be a multiple of 32, received ${bits}`);
  }
  const codes = Math.ceil(bits / 32);
  return directionsOf(x, name, codes, bits / codes);
}

/** Options of {@linkcode nearestPlaces}. */
export interface NearestPlacesOptions extends HashLikenessOptions {
  /** Most places K that each query finds. */
  top: number;
  /** What is taken of the places that are found, `[B, L, M]`. @default {what is hashed} */
  taken?: Tensor;
}

/**
 * Finds, for each of several queries of a row, the places of a history whose hash codes share most bits with the query's;
 * the newer one among equals, in order of time. Gradients flow to what is taken alone.
 *
 * Chen et al.: Efficient Long Sequential User Data Modeling for Click-Through Rate Prediction. DLP-KDD 2022.
 *
 * @param places a history `[B, L, N]`
 * @param queries `[B, N]` each
 * @returns Q histories of each row, one behind the other: `[B, Q K, M]` and lengths `[B, Q]`
 * @throws {RangeError} when there are more than 32 bits and they are not a multiple of 32, or more than 2048
 */
export function nearestPlaces(
  { x, lengths }: Places,
  queries: readonly Tensor[],
  options: NearestPlacesOptions,
): Places {
  const { top, taken = x, ...hash } = options;
  const likeness = compareCodes(concat(...queries), x, lengths, wordsOf(x, hash), queries.length); // [B, Q, L]
  const chosen = topPlaces(likeness, lengths, Math.min(top, Number(x.shape[1])), queries.length);
  return { x: takePlaces(taken, chosen), lengths: chosen.counts };
}
