/**
 * Attention among the places of a history, and the blocks that are made of it.
 *
 * @module
 */
import { type Initializer, normal, ones, xavierNormal, zeros } from "../initializer.ts";
import { type Tensor, widthOf } from "../graph/tensor.ts";
import { add } from "../ops/dense/add.ts";
import { denseBeside } from "../ops/dense/dense_beside.ts";
import { gatedAttention } from "../ops/sequence/gated_attention.ts";
import { historyAttention as attend, type HistoryMask } from "../ops/sequence/history_attention.ts";
import { latestPlaces } from "../ops/sequence/latest.ts";
import { placesOf } from "../ops/sequence/places.ts";
import { type PositionOptions, positions } from "../ops/sequence/positions.ts";
import { poolHistory, type Pooling } from "../ops/sequence/pooling.ts";
import { columns, concat, split } from "../ops/shape/concat.ts";
import { flatten, reshape } from "../ops/shape/reshape.ts";
import { layerNorm } from "./activation.ts";
import { dense, dropout as drop, type LayerActivation } from "./mlp.ts";

/** Places of a row with the number of those that are there. */
export interface Places {
  /** Vectors of the places, `[B, T, N]`. */
  readonly x: Tensor;
  /** Places of each row that are there, targets at the end left out, `[B]`; `[B, G]` of G histories in each row. */
  readonly lengths: Tensor;
}

/** Options of {@linkcode poolPlaces}. */
export interface PoolPlacesOptions {
  /** What becomes of the places: sum, mean or maximum, or the vector of the last target alone. @default {"mean"} */
  pooling?: Pooling | "target";
  /** Places at the end that are always there. @default {0} */
  targets?: number;
}

/** Options of {@linkcode historySelfAttention}. */
export interface HistorySelfAttentionOptions extends HistoryMask {
  /** Name of the layer. @default {"history_attention"} */
  name?: string;
  /** Heads; they share the columns. @default {2} */
  heads?: number;
}

/** Options of {@linkcode attendPlaces}. */
export interface AttendPlacesOptions extends HistorySelfAttentionOptions {
  /** Whether queries, keys and values have a bias. @default {true} */
  bias?: boolean;
}

/** Options of {@linkcode transformerBlock}. */
export interface TransformerBlockOptions extends HistorySelfAttentionOptions {
  /** Width of the hidden layer of the feed-forward part. @default {as many columns as x has} */
  feedForward?: number;
  /** Activation of the hidden layer. @default {"relu"} */
  activation?: LayerActivation;
  /** Probability of zeroing a number of what is added to x in training. @default {0} */
  dropout?: number;
  /** Latest places of the history that are in the result beside the targets; all of them are attended to. @default {all} */
  kept?: number;
}

/** Options of {@linkcode hstuBlock}. */
export interface HstuBlockOptions extends HistoryMask {
  /** Name of the layer. @default {"hstu"} */
  name?: string;
  /** Heads. @default {2} */
  heads?: number;
  /** Columns of a head's queries and keys. @default {columns of x / heads} */
  queryWidth?: number;
  /** Columns of a head's values. @default {columns of x / heads} */
  valueWidth?: number;
  /** What the sums of weights are divided by. @default {the number of places} */
  divisor?: number;
  /** Whether the output sees the gate and the sums as they are beside the gated ones. @default {false} */
  concat?: boolean;
  /** Probability of zeroing a number before the last product in training. @default {0} */
  dropout?: number;
}

/** Options of {@linkcode learnedPositions}. */
export interface LearnedPositionOptions extends PositionOptions {
  /** Name of the vectors. @default {"position"} */
  name?: string;
  /** First numbers. @default {normal(0.02)} */
  initializer?: Initializer;
  /** Columns of a vector with `apart`. @default {as many columns as x has} */
  width?: number;
}

/**
 * Puts a target behind the places of a history, as one more place that is always there, or several targets.
 *
 * @param items `[B, L, N]`
 * @param target `[B, N]`, or `[B, T N]` for T targets side by side
 * @returns `[B, L + T, N]`
 */
export function appendTarget(items: Tensor, target: Tensor): Tensor {
  const { places, width } = placesOf("append_target", items);
  return reshape(concat(flatten(items), target), ["B", places + widthOf(target.shape) / width, width]);
}

/**
 * Adds a learned vector for its position to each place that is there, or puts it beside as further columns.
 *
 * @param places places of a history, targets behind them
 * @returns `[B, T, N]`, or more columns with `apart`
 */
export function learnedPositions({ x, lengths }: Places, options: LearnedPositionOptions = {}): Tensor {
  const { name = "position", initializer = normal(0.02), width, ...how } = options;
  const sizes = placesOf("learned_positions", x);
  const own = how.apart ? width ?? sizes.width : sizes.width;
  const vectors = x.graph.parameter(x.graph.uniqueName(name), [sizes.places, own], initializer);
  return positions(x, vectors, lengths, how);
}

/**
 * Pools the places that are there, row by row; a history without places gives zeros.
 *
 * @returns `[B, N]`
 */
export function poolPlaces({ x, lengths }: Places, { pooling = "mean", targets = 0 }: PoolPlacesOptions = {}): Tensor {
  if (pooling !== "target") return poolHistory(x, lengths, pooling, undefined, targets);
  const { places, width } = placesOf("pool_places", x);
  return columns(flatten(x), (places - 1) * width, width);
}

/**
 * Lets the places of a history attend to each other: o_i = sum_j softmax(<q_i, k_j> / sqrt(d))_j v_j, head by head, and
 * q, k, v linear in x.
 *
 * @param units columns A of the result, a multiple of the heads
 * @returns `[B, T, A]`, the heads side by side
 * @throws {RangeError} when the heads do not divide the columns
 */
export function attendPlaces({ x, lengths }: Places, units: number, options: AttendPlacesOptions = {}): Tensor {
  const { heads = 2, name = "history_attention", bias = true, ...mask } = options;
  if (!(Number.isInteger(heads) && heads > 0 && units % heads === 0)) {
    throw new RangeError(`Cannot build attention: heads must divide ${units} columns, received ${heads}`);
  }
  const packed = dense(x, 3 * units, { name: `${name}.qkv`, bias }); // [B, T, 3 A]
  return attend(packed, lengths, { ...mask, heads, scale: 1 / Math.sqrt(units / heads) });
}

/**
 * Lets the places of a history attend to each other: y = o W + c with o_i = sum_j softmax(<q_i, k_j> / sqrt(d))_j v_j,
 * head by head, and q, k, v linear in x.
 *
 * Vaswani et al.: Attention Is All You Need. NIPS 2017, arXiv:1706.03762, section 3.2.
 *
 * @returns `[B, T, N]`
 * @throws {RangeError} when the heads do not divide the columns
 */
export function historySelfAttention(places: Places, options: HistorySelfAttentionOptions = {}): Tensor {
  const { width } = placesOf("history_self_attention", places.x);
  const name = places.x.graph.uniqueName(options.name ?? "history_attention");
  return dense(attendPlaces(places, width, { ...options, name }), width, { name: `${name}.out` });
}

/**
 * Applies a layer of a transformer's encoder: s = LN(x + attention(x)), y = LN(s + W_2 act(W_1 s)).
 *
 * Vaswani et al., section 3.1, with the norms after the sums.
 *
 * @returns `[B, T, N]`, or with `kept` so many places, the first one at place 0, and the targets; {@linkcode atMost} gives
 * their lengths
 * @throws {RangeError} when the heads do not divide the columns
 */
export function transformerBlock({ x, lengths }: Places, options: TransformerBlockOptions = {}): Tensor {
  const { name: base = "block", feedForward, activation = "relu", dropout = 0, kept, ...attention } = options;
  const { width } = placesOf("transformer_block", x);
  const name = x.graph.uniqueName(base);
  const keep = (all: Tensor): Tensor => keepLatest({ x: all, lengths }, kept, attention.targets);
  const attended = attendPlaces({ x, lengths }, width, { ...attention, name: `${name}.attention` });
  const mixed = dense(keep(attended), width, { name: `${name}.attention.out` });
  const s = layerNorm(add(keep(x), drop(mixed, dropout)), { name: `${name}.ln1` });
  const hidden = dense(s, feedForward ?? width, { name: `${name}.ffn.0`, activation });
  const out = dense(hidden, width, { name: `${name}.ffn.1` });
  return layerNorm(add(s, drop(out, dropout)), { name: `${name}.ln2` });
}

/** Leaves the latest places of a history out of those before, and the targets behind it. */
function keepLatest({ x, lengths }: Places, kept = Infinity, targets = 0): Tensor {
  const { places, width } = placesOf("keep_latest", x);
  if (kept >= places - targets) return x;
  if (targets === 0) return latestPlaces(x, lengths, kept, { aligned: true });
  const [history, behind] = split(flatten(x), [(places - targets) * width, targets * width]);
  const all = reshape(history, ["B", places - targets, width]);
  return appendTarget(latestPlaces(all, lengths, kept, { aligned: true }), behind);
}

/**
 * Applies a layer of hierarchical sequential transduction units: y = x + W_2 (LN(o) * u), or W_2 (u, o, LN(o) * u), where
 * o_i = sum_j silu(<q_i, k_j> / sqrt(d)) v_j / divisor, u = silu(LN(x) W_u + b_u), and q, k, v linear in LN(x).
 *
 * Zhai et al.: Actions Speak Louder than Words. ICML 2024, arXiv:2402.17152, equations 1 to 3, without the bias by time.
 *
 * @returns `[B, T, N]`
 * @throws {RangeError} when the heads do not divide the columns
 */
export function hstuBlock({ x, lengths }: Places, options: HstuBlockOptions = {}): Tensor {
  const { places, width } = placesOf("hstu_block", x);
  const { name: base = "hstu", heads = 2, queryWidth = width / heads, valueWidth = width / heads, ...more } = options;
  const { divisor = places, concat: sees = false, dropout = 0, ...mask } = more;
  const name = x.graph.uniqueName(base);
  const n = layerNorm(x, { name: `${name}.in_norm`, eps: 1e-6 });
  const [u, qkv] = ([["u", valueWidth], ["qkv", 2 * queryWidth + valueWidth]] as const).map(([part, columns]) => ({
    weight: x.graph.parameter(`${name}.${part}.weight`, [width, heads * columns], xavierNormal()),
    bias: x.graph.parameter(`${name}.${part}.bias`, [heads * columns], zeros()),
  }));
  const packed = denseBeside(n, { weights: [u.weight, qkv.weight], biases: [u.bias, qkv.bias] });
  const norm = {
    gamma: x.graph.parameter(`${name}.out_norm.weight`, [heads * valueWidth], ones()),
    beta: x.graph.parameter(`${name}.out_norm.bias`, [heads * valueWidth], zeros()),
  };
  const how = { ...mask, heads, valueWidth, scale: 1 / Math.sqrt(queryWidth), weights: { divisor }, sees };
  const gated = drop(gatedAttention(packed, lengths, norm, how), dropout);
  return add(x, dense(gated, width, { name: `${name}.out`, bias: false }));
}
