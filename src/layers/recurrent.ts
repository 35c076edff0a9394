/**
 * Recurrent layers over histories.
 *
 * @module
 */
import { type Initializer, xavierNormal, zeros } from "../initializer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { columnsOf } from "../ops/dense/matmul_layout.ts";
import { type AttentionalGruKind, gatesOf, gru as walk, type GruKind, type GruStates } from "../ops/sequence/gru.ts";
import { lstm as remember } from "../ops/sequence/lstm.ts";
import type { Places } from "./history_attention.ts";
import { dense } from "./mlp.ts";

/** Options of {@linkcode gru}. */
export interface GruOptions {
  /** Name of the layer. @default {"gru"} */
  name?: string;
  /** Hidden units H, at most 256. @default {as many as an item has numbers} */
  units?: number;
  /** First weights of inputs and of states. @default {xavierNormal()} */
  initializer?: Initializer;
}

/**
 * Reads the items of a history one after the other with gated recurrent units, from h = 0:
 *
 *     r = sigmoid(x W_r + b_r + h U_r + c_r),  z = sigmoid(x W_z + b_z + h U_z + c_z)
 *     n = tanh(x W_n + b_n + r (h U_n + c_n)),  h' = (1 - z) n + z h
 *
 * This is PyTorch's form, whose reset gate r acts behind the product. Cho et al.: Learning Phrase Representations using
 * RNN Encoder-Decoder. EMNLP 2014, arXiv:1406.1078.
 *
 * @param places places of a history
 * @returns all states `[B, L, H]`, 0 past the end of a history, and the last `[B, H]`, 0 for an empty one
 * @throws {RangeError} when there are too many units
 */
export function gru(places: Places, options: GruOptions = {}): GruStates {
  return recurrent("gru", places, undefined, { name: "gru", ...options });
}

/** Options of {@linkcode attentionalGru}. */
export interface AttentionalGruOptions extends GruOptions {
  /** Name of the layer. @default {the kind} */
  name?: string;
  /** How attention changes a step. @default {"augru"} */
  kind?: AttentionalGruKind;
}

/**
 * Reads the items of a history with gated recurrent units that move the state as far as attention says:
 * h' = h + s (n - h), with r and n as {@linkcode gru} has them.
 *
 * - `"augru"`: s = a u with the update gate u = sigmoid(x W_u + b_u + h U_u + c_u)
 * - `"agru"`: s = a, without an update gate
 *
 * Zhou et al.: Deep Interest Evolution Network for Click-Through Rate Prediction. AAAI 2019, arXiv:1809.03672, interest
 * evolving layer. Weights that sum to 1 over a long history move the state little, since each is then small.
 *
 * @param places places of a history
 * @param weights attention weights a, `[B, L]`
 * @returns all states `[B, L, H]`, 0 past the end of a history, and the last `[B, H]`, 0 for an empty one
 * @throws {RangeError} when there are too many units
 */
export function attentionalGru(
  places: Places,
  weights: Tensor,
  { kind = "augru", ...options }: AttentionalGruOptions = {},
): GruStates {
  return recurrent(kind, places, weights, { name: kind, ...options });
}

function recurrent(
  kind: GruKind,
  { x: items, lengths }: Places,
  a: Tensor | undefined,
  { name: base, units = columnsOf("gru", items), initializer = xavierNormal() }: GruOptions & { name: string },
): GruStates {
  const { graph } = items;
  const name = graph.uniqueName(base);
  const columns = gatesOf(kind) * units;
  const x = dense(items, columns, { name: `${name}.input`, initializer }); // [B, L, 3 H]
  const u = graph.parameter(`${name}.state.weight`, [units, columns], initializer);
  const c = graph.parameter(`${name}.state.bias`, [columns], zeros());
  return walk({ x, u, c, lengths, a }, kind);
}

/** Options of {@linkcode lstm}. */
export interface LstmOptions {
  /** Name of the layer. @default {"lstm"} */
  name?: string;
  /** Hidden units H, at most 256. @default {as many as an item has numbers} */
  units?: number;
  /** Whether it goes from the latest item to the oldest. @default {false} */
  reverse?: boolean;
  /** First weights of inputs and of states. @default {xavierNormal()} */
  initializer?: Initializer;
}

/**
 * Reads the items of a history one after the other with long short-term memory, from h = c = 0:
 *
 *     i, f, o = sigmoid(x W_i + b_i + h U_i), ..,  g = tanh(x W_g + b_g + h U_g),  c' = f c + i g,  h' = o tanh(c')
 *
 * Hochreiter and Schmidhuber: Long Short-Term Memory. Neural Computation, 1997.
 *
 * @param places places of a history
 * @returns the state after each place, `[B, L, H]`; 0 past the end of a history
 * @throws {RangeError} when there are too many units
 */
export function lstm({ x: items, lengths }: Places, options: LstmOptions = {}): Tensor {
  const { units = columnsOf("lstm", items), initializer = xavierNormal(), reverse } = options;
  const name = items.graph.uniqueName(options.name ?? "lstm");
  const x = dense(items, 4 * units, { name: `${name}.input`, initializer }); // [B, L, 4 H]
  const u = items.graph.parameter(`${name}.state.weight`, [units, 4 * units], initializer);
  return remember({ x, u, lengths }, { reverse });
}
