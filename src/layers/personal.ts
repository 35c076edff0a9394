/**
 * Gates that scale units by what a few fields say: of domains, users and items.
 *
 * @module
 */
import { type Tensor, widthOf } from "../graph/tensor.ts";
import { sigmoidGate } from "../ops/dense/sigmoid_gate.ts";
import { columns, concat, split } from "../ops/shape/concat.ts";
import { columnsByTask, denses } from "./experts.ts";
import { fieldNumber, type Input } from "./input.ts";
import { activation, batchNorm, dropout, mlp } from "./mlp.ts";

/**
 * Takes the embeddings of some fields.
 *
 * @param x the batch's occurrences
 * @param e embeddings of all fields, `[B, F D]`
 * @param names names of the features
 * @returns `[B, names D]`
 * @throws {RangeError} when a field is not one of the input's
 */
export function fieldColumns(x: Input, e: Tensor, names: readonly string[]): Tensor {
  const dim = widthOf(e.shape) / x.fields.length;
  return concat(...names.map((name) => columns(e, dim * fieldNumber(x, name), dim)));
}

/** Options of {@linkcode personalGate}. */
export interface PersonalGateOptions {
  /** Name of the parameters' prefix. @default {"gate"} */
  name?: string;
  /** Width of the gate's hidden layer. @default {64} */
  hidden?: number;
}

/**
 * Scales columns by gates around 1: y = x * 2 sigmoid(W_2 relu(W_1 prior + b_1) + b_2).
 *
 * J. Chang et al.: PEPNet. KDD 2023, equations 2 to 5.
 *
 * @param x `[B, N]`
 * @param prior what the gates are computed from, `[B, K]`
 * @returns `[B, N]`
 */
export function personalGate(x: Tensor, prior: Tensor, options: PersonalGateOptions = {}): Tensor {
  const { name = "gate", hidden = 64 } = options;
  const z = mlp(prior, [hidden, widthOf(x.shape)], { name });
  x.graph.expose(`${name}s`, activation(z, "sigmoid"));
  return sigmoidGate(x, z);
}

/** Options of {@linkcode personalTowers}. */
export interface PersonalTowersOptions {
  /** Width of a gate's hidden layer. @default {64} */
  gate?: number;
  /** Probability of zeroing a hidden unit in training. @default {0} */
  dropout?: number;
  /** Whether hidden layers are batch-normalized. @default {false} */
  batchNorm?: boolean;
}

/**
 * Gives each task a network whose hidden units are scaled by gates: h_l = relu(W_l h_{l-1} + b_l) * gate_l(prior), with
 * gates as in {@linkcode personalGate} for each layer of each task.
 *
 * All gates read the same, so that the first layers of all of them are one product. J. Chang et al.: PEPNet. KDD 2023,
 * equations 7 to 9.
 *
 * @param x `[B, K]`
 * @param prior what the gates read, `[B, P]`
 * @param tasks names of the tasks
 * @param hidden widths of the hidden layers
 * @returns logits `[B, 1]` by task
 */
export function personalTowers(
  x: Tensor,
  prior: Tensor,
  tasks: readonly string[],
  hidden: readonly number[],
  options: PersonalTowersOptions = {},
): Record<string, Tensor> {
  const { gate: width = 64, dropout: rate = 0 } = options;
  const count = tasks.length;
  const name = x.graph.uniqueName("tower");
  const all = activation(denses(prior, hidden.length * count, width, { name: `${name}.gate` }), "relu");
  const gates = split(all, hidden.map(() => count * width));
  const top = hidden.reduce((h, units, l) => {
    const z = denses(h, count, units, { name: `${name}.${l}`, apart: l > 0 });
    const normal = options.batchNorm ? batchNorm(z, { name: `${name}.${l}.bn` }) : z;
    const gate = denses(gates[l], count, units, { name: `${name}.gate.${l}`, apart: true });
    x.graph.expose(`${name}.gates.${l}`, activation(gate, "sigmoid"));
    return sigmoidGate(dropout(activation(normal, "relu"), rate), gate);
  }, x);
  const last = { name: `${name}.${hidden.length}`, apart: hidden.length > 0 };
  return columnsByTask(denses(top, count, 1, last), tasks);
}
