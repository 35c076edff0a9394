/**
 * A transformer over a history and tokens behind it.
 *
 * @module
 */
import type { Tensor } from "../graph/tensor.ts";
import { add } from "../ops/dense/add.ts";
import { gelu } from "../ops/dense/gate.ts";
import { fieldsOf } from "../ops/interaction/field_padding.ts";
import { historyAttention } from "../ops/sequence/history_attention.ts";
import { atMost, latestPlaces } from "../ops/sequence/latest.ts";
import { placesOf } from "../ops/sequence/places.ts";
import { concat, split } from "../ops/shape/concat.ts";
import { flatten, reshape } from "../ops/shape/reshape.ts";
import { rmsNorm } from "./activation.ts";
import type { Places } from "./history_attention.ts";
import { dense } from "./mlp.ts";
import { tokenDense } from "./token.ts";

/** A history, whose places share weights, and tokens behind it, each of which has weights of its own. */
export interface MixedTokens {
  /** Places of the history, `[B, L, D]`. */
  readonly history: Places;
  /** Tokens `[B, T, D]`. */
  readonly tokens: Tensor;
}

/** Options of {@linkcode mixedBlock}. */
export interface MixedBlockOptions {
  /** Name of the parameters' prefix. @default {"mixed"} */
  name?: string;
  /** Heads of the attention. @default {4} */
  heads?: number;
  /** Width of the hidden layer of the feed-forward part. @default {4 times the columns} */
  feedForward?: number;
  /** Latest places of the history that go on to the next block. @default {all} */
  kept?: number;
}

/**
 * Applies a block of a causal transformer to a history and tokens: z = x + O attention(norm(x)) and
 * y = z + W_2 gelu(W_1 norm(z)), with one set of matrices for all places of the history and one for each token.
 *
 * A place sees itself and those before it; a token sees the history, itself and the tokens before it. The history of the
 * result is made when it is read: the last block of a stack needs none. Zhang et al.: OneTrans. WWW 2026,
 * arXiv:2510.26104, section 3.3.
 *
 * @returns tokens of the same shape, and the history with `kept` places at most
 * @throws {RangeError} when the heads do not divide the columns
 */
export function mixedBlock(
  { history: { x, lengths }, tokens }: MixedTokens,
  options: MixedBlockOptions = {},
): MixedTokens {
  const { places, width } = placesOf("mixed_block", x);
  const { rows: count } = fieldsOf("mixed_block", tokens);
  const { heads = 4, feedForward = 4 * width, kept = places } = options;
  const name = x.graph.uniqueName(options.name ?? "mixed");
  const shared: Weights = {
    norm: (x, part) => rmsNorm(x, { name: `${name}.history.${part}` }),
    product: (x, units, part) => dense(x, units, { name: `${name}.history.${part}`, bias: false }),
  };
  const own: Weights = {
    norm: (x, part) => rmsNorm(x, { name: `${name}.tokens.${part}` }),
    product: (x, units, part) => tokenDense(x, units, { name: `${name}.tokens.${part}`, bias: false }),
  };
  const before = (x: Tensor, { norm, product }: Weights): Tensor => flatten(product(norm(x, "rms1"), 3 * width, "qkv"));
  const all = reshape(concat(before(x, shared), before(tokens, own)), ["B", places + count, 3 * width]);
  const mask = { causal: true, targets: count, ordered: true };
  const o = historyAttention(all, lengths, { ...mask, heads, scale: 1 / Math.sqrt(width / heads) });
  const [ofHistory, ofTokens] = split(flatten(o), [places * width, count * width]);
  const keep = (x: Tensor): Tensor => kept < places ? latestPlaces(x, lengths, kept, { aligned: true }) : x;
  const after = (x: Tensor, o: Tensor, { norm, product }: Weights): Tensor => {
    const z = add(x, product(o, width, "out"));
    return add(z, product(gelu(product(norm(z, "rms2"), feedForward, "ffn.0")), width, "ffn.1"));
  };
  let rest: Places | undefined;
  return {
    tokens: after(tokens, reshape(ofTokens, ["B", count, width]), own),
    get history() {
      return rest ??= {
        x: after(keep(x), keep(reshape(ofHistory, ["B", places, width])), shared),
        lengths: kept < places ? atMost(lengths, kept) : lengths,
      };
    },
  };
}

/** Layers of one kind of tokens. */
interface Weights {
  readonly norm: (x: Tensor, part: string) => Tensor;
  readonly product: (x: Tensor, units: number, part: string) => Tensor;
}
