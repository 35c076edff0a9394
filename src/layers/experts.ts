/**
 * Networks side by side: experts, the gates that mix them, and towers with a logit for each task.
 *
 * @module
 */
import { normal, zeros } from "../initializer.ts";
import { type Tensor, widthOf } from "../graph/tensor.ts";
import { addBias } from "../ops/dense/bias.ts";
import { dense as product } from "../ops/dense/dense.ts";
import { type ExpertPlaces, mixExperts as mix } from "../ops/dense/expert_mixture.ts";
import { groupedMatmul } from "../ops/dense/grouped_matmul.ts";
import { softmax } from "../ops/dense/softmax.ts";
import { concat, split } from "../ops/shape/concat.ts";
import { reshape } from "../ops/shape/reshape.ts";
import { activation, batchNorm, dropout, type MlpOptions } from "./mlp.ts";

/** Options of {@linkcode denses}. */
export interface DensesOptions {
  /** Name of the layers. @default {"denses"} */
  name?: string;
  /** Whether each layer has an input of its own, `[B, G K]` group by group, or all read the same. @default {false} */
  apart?: boolean;
  /** Whether biases are added. @default {true} */
  bias?: boolean;
}

/**
 * Applies G dense layers side by side: y[:, g, :] = x_g W_g + b_g, where x_g is x, or its columns of group g.
 *
 * All layers are one product: of `[K, G N]` where they read the same input, else of G groups of columns with a matrix each.
 *
 * @param x `[B, K]`, or `[B, G K]` where inputs are apart
 * @param count G
 * @param units width N of each output
 * @returns `[B, G N]`, group by group
 * @throws {TypeError} when the inputs are apart and G does not divide their width
 */
export function denses(x: Tensor, count: number, units: number, options: DensesOptions = {}): Tensor {
  const { apart = false } = options;
  const { graph } = x;
  const name = graph.uniqueName(options.name ?? "denses");
  const width = widthOf(x.shape) / (apart ? count : 1);
  const initializer = normal(Math.sqrt(2 / (width + units)));
  const bias = options.bias === false ? undefined : graph.parameter(`${name}.bias`, [count * units], zeros());
  if (!apart) return product(x, graph.parameter(`${name}.weight`, [width, count * units], initializer), bias);
  const y = groupedMatmul(x, graph.parameter(`${name}.weight`, [count, width, units], initializer));
  return bias ? addBias(y, bias) : y;
}

/** Options of {@linkcode mlps}. */
export interface MlpsOptions extends MlpOptions {
  /** Whether each network has an input of its own, `[B, G K]` group by group, or all read the same. @default {false} */
  apart?: boolean;
  /** Whether the last layer has a bias. @default {true} */
  lastBias?: boolean;
}

/**
 * Stacks G networks of the same sizes side by side; see {@linkcode mlp} for what follows each layer.
 *
 * @param x `[B, K]`, or `[B, G K]` where inputs are apart
 * @param count G
 * @param units widths of a network's layers, the last one's included
 * @returns `[B, G N]` with N the last width, network by network
 */
export function mlps(x: Tensor, count: number, units: readonly number[], options: MlpsOptions = {}): Tensor {
  const prefix = x.graph.uniqueName(options.name ?? "mlps");
  const kind = options.activation ?? "relu";
  return units.reduce((h, width, i) => {
    const name = `${prefix}.${i}`;
    const isLast = i === units.length - 1;
    const bias = !isLast || options.lastBias !== false;
    const z = denses(h, count, width, { name, apart: options.apart || i > 0, bias });
    if (isLast && !options.hiddenOnly) return z;
    const normal = options.batchNorm ? batchNorm(z, { name: `${name}.bn` }) : z;
    return dropout(activation(normal, kind, { name: `${name}.${kind}` }), options.dropout ?? 0);
  }, x);
}

/**
 * Gives each task a network of its own that ends in a logit.
 *
 * @param h `[B, K]`, or `[B, T K]` where each task has an input of its own (`apart`)
 * @param tasks names of the tasks
 * @param hidden widths of a tower's hidden layers
 * @returns logits `[B, 1]` by task
 */
export function towers(
  h: Tensor,
  tasks: readonly string[],
  hidden: readonly number[],
  options: MlpsOptions = {},
): Record<string, Tensor> {
  const logits = mlps(h, tasks.length, [...hidden, 1], { name: "tower", ...options }); // [B, T]
  return columnsByTask(logits, tasks);
}

/**
 * Takes columns `[B, T N]` apart, N for each task.
 *
 * @returns `[B, N]` by task
 */
export function columnsByTask(x: Tensor, tasks: readonly string[]): Record<string, Tensor> {
  const parts = split(x, tasks.map(() => widthOf(x.shape) / tasks.length));
  return Object.fromEntries(tasks.map((task, t) => [task, parts[t]]));
}

/** Options of {@linkcode expertGates}. */
export interface ExpertGatesOptions extends Pick<MlpsOptions, "name" | "apart" | "dropout" | "batchNorm"> {
  /** Widths of a gate's hidden layers. @default {[]} */
  hidden?: readonly number[];
}

/**
 * Weighs experts in each row: g_s = softmax(MLP_s(x)), S times. The weights are exposed as the name with an `s`.
 *
 * @param x `[B, K]`, or `[B, S K]` where inputs are apart
 * @param sums S
 * @param experts number J of experts that each sum weighs
 * @returns `[B, S, J]`
 */
export function expertGates(x: Tensor, sums: number, experts: number, options: ExpertGatesOptions = {}): Tensor {
  const { name = "gate", hidden = [], ...more } = options;
  const scores = mlps(x, sums, [...hidden, experts], { name, ...more });
  const gates = softmax(reshape(scores, ["B", sums, experts]));
  x.graph.expose(`${name}s`, gates);
  return gates;
}

/**
 * Mixes experts by gates of each row: u_s = sum_j g_s[j] x_{e(s, j)}.
 *
 * @param gates `[B, S, J]`, first those of the experts that each sum has alone, then those of shared ones
 * @param experts `[B, E H]`, expert by expert
 * @param count E
 * @param places which experts the gates are of; all of them, shared, by default
 * @returns `[B, S H]`
 * @throws {TypeError} when there are fewer experts than the gates are for
 */
export function mixExperts(gates: Tensor, experts: Tensor, count: number, places: ExpertPlaces = {}): Tensor {
  const units = widthOf(experts.shape) / count;
  const mixed = mix(gates, reshape(experts, ["B", count, units]), places);
  return reshape(mixed, ["B", Number(gates.shape[1]) * units]);
}

/** What a layer of progressive extraction hands on. */
export interface ExtractionStreams {
  /** Number of tasks T. */
  readonly count: number;
  /** Streams of the tasks `[B, T N]`, or `[B, N]` for a first layer, whose streams are all the input. */
  readonly tasks: Tensor;
  /** The shared stream `[B, N]`; absent before the first layer, and behind the last. */
  readonly shared?: Tensor;
}

/** Options of {@linkcode extraction}. */
export interface ExtractionOptions extends Pick<MlpsOptions, "name" | "dropout" | "batchNorm"> {
  /** Widths of an expert's layers. */
  hidden: readonly number[];
  /** Experts that each task has alone. @default {1} */
  own?: number;
  /** Experts that all tasks have. @default {8} */
  experts?: number;
  /** Widths of a gate's hidden layers. @default {[]} */
  gate?: readonly number[];
  /** Which experts the shared stream mixes. @default {"all"} */
  mixes?: "all" | "shared";
  /** Whether no layer follows, so that there is no shared stream. @default {false} */
  last?: boolean;
}

/**
 * Mixes, for each task, its own experts and the shared ones, and for the shared stream all experts or the shared ones.
 *
 * H. Tang, J. Liu, M. Zhao, X. Gong: Progressive Layered Extraction. RecSys 2020, equations 1 to 5.
 *
 * @param streams what the layer before handed on
 * @returns streams of the width of an expert
 */
export function extraction(streams: ExtractionStreams, options: ExtractionOptions): ExtractionStreams {
  const { count, tasks, shared } = streams;
  const { own = 1, experts = 8, gate: hidden, mixes = "all", dropout, batchNorm } = options;
  const name = tasks.graph.uniqueName(options.name ?? "extraction");
  const apart = shared !== undefined;
  const all = count * own + experts;
  const settings = { dropout, batchNorm };
  const inputs = shared ? concat(repeated(tasks, count, own), ...Array(experts).fill(shared)) : tasks;
  const x = mlps(inputs, all, options.hidden, { name: `${name}.expert`, apart, hiddenOnly: true, ...settings });
  const taskGates = expertGates(tasks, count, own + experts, { name: `${name}.gate`, hidden, apart, ...settings });
  const mixed = mixExperts(taskGates, x, all, { own });
  if (options.last) return { count, tasks: mixed };
  const [first, width] = mixes === "all" ? [0, all] : [count * own, experts];
  const sharedGate = expertGates(shared ?? tasks, 1, width, { name: `${name}.shared_gate`, hidden, ...settings });
  return { count, tasks: mixed, shared: mixExperts(sharedGate, x, all, { first }) };
}

/** Repeats each of `count` groups of columns. */
function repeated(x: Tensor, count: number, times: number): Tensor {
  if (times === 1) return x;
  const groups = split(x, Array(count).fill(widthOf(x.shape) / count));
  return concat(...groups.flatMap((group) => Array<Tensor>(times).fill(group)));
}
