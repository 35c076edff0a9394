/**
 * Tokens: rows cut into vectors of one width, and layers with weights of their own for each of them.
 *
 * @module
 */
import { normal, zeros } from "../initializer.ts";
import { type Tensor, widthOf } from "../graph/tensor.ts";
import { add } from "../ops/dense/add.ts";
import { addBias } from "../ops/dense/bias.ts";
import { gelu } from "../ops/dense/gate.ts";
import { groupedMatmul } from "../ops/dense/grouped_matmul.ts";
import { fieldsOf } from "../ops/interaction/field_padding.ts";
import { mixTokens } from "../ops/interaction/token_mixing.ts";
import { pad } from "../ops/shape/concat.ts";
import { flatten, reshape } from "../ops/shape/reshape.ts";
import { layerNorm } from "./activation.ts";

/** Options of {@linkcode tokenize}. */
export interface TokenizeOptions {
  /** Name of the layer. @default {"tokens"} */
  name?: string;
  /** Number of tokens T. */
  tokens: number;
  /** Width M of a token. */
  width: number;
}

/**
 * Cuts each row into T pieces of one size and makes a token of each: y[b, t, :] = W_t piece_t + b_t. Zeros fill the last
 * piece where T does not divide the columns.
 *
 * Zhu et al.: RankMixer. CIKM 2025, arXiv:2507.15551.
 *
 * @param x `[B, N]`
 * @returns `[B, T, M]`
 * @throws {RangeError} when `tokens` is not a positive integer
 */
export function tokenize(x: Tensor, { name = "tokens", tokens, width }: TokenizeOptions): Tensor {
  if (!(Number.isInteger(tokens) && tokens > 0)) {
    throw new RangeError(`Cannot build tokenize: tokens must be a positive integer, received ${tokens}`);
  }
  const columns = widthOf(x.shape);
  const piece = Math.ceil(columns / tokens);
  const all = piece * tokens === columns ? x : pad(x, piece * tokens);
  return tokenDense(reshape(all, ["B", tokens, piece]), width, { name });
}

/** Options of {@linkcode tokenDense}. */
export interface TokenDenseOptions {
  /** Name of the layer. @default {"token_dense"} */
  name?: string;
  /** Whether a bias is added. @default {true} */
  bias?: boolean;
}

/**
 * Applies a dense layer of its own to each token: y[b, t, :] = W_t x[b, t, :] + b_t.
 *
 * @param x `[B, T, K]`
 * @param units width N of the output
 * @returns `[B, T, N]`
 */
export function tokenDense(x: Tensor, units: number, options: TokenDenseOptions = {}): Tensor {
  const { rows: tokens, dim: width } = fieldsOf("token_dense", x);
  const { graph } = x;
  const name = graph.uniqueName(options.name ?? "token_dense");
  const weight = graph.parameter(`${name}.weight`, [tokens, width, units], normal(Math.sqrt(2 / (width + units))));
  const product = groupedMatmul(flatten(x), weight);
  const bias = (): Tensor => graph.parameter(`${name}.bias`, [tokens, units], zeros());
  return reshape(options.bias === false ? product : addBias(product, bias()), ["B", tokens, units]);
}

/** Options of {@linkcode mixerBlock}. */
export interface MixerBlockOptions {
  /** Name of the parameters' prefix. @default {"mixer"} */
  name?: string;
  /** Width of the hidden layer of a token's feed-forward network. @default {4 times the columns of a token} */
  feedForward?: number;
}

/**
 * Mixes tokens, and gives each its own feed-forward network: s = LN(mix(x) + x), y_t = LN(W_t2 gelu(W_t1 s_t) + s_t).
 *
 * Mixing has no parameters: head h of token t becomes head t of token h. Zhu et al.: RankMixer. CIKM 2025,
 * arXiv:2507.15551.
 *
 * @param x `[B, T, M]`, M a multiple of T
 * @returns `[B, T, M]`
 * @throws {TypeError} when the tokens do not divide their columns
 */
export function mixerBlock(x: Tensor, options: MixerBlockOptions = {}): Tensor {
  const { dim: width } = fieldsOf("mixer_block", x);
  const { feedForward = 4 * width } = options;
  const name = x.graph.uniqueName(options.name ?? "mixer");
  const s = layerNorm(mixTokens(x), { name: `${name}.ln1` });
  const hidden = gelu(tokenDense(s, feedForward, { name: `${name}.ffn.0` }));
  return layerNorm(add(tokenDense(hidden, width, { name: `${name}.ffn.1` }), s), { name: `${name}.ln2` });
}
