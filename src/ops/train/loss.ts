/**
 * The loss of labels fused with its gradient, and scores of a data set.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/train/loss.wgsl" with { type: "text" };
import labelBalanced from "../../../shaders/train/label_balanced.wgsl" with { type: "text" };
import labelCrossEntropy from "../../../shaders/train/label_cross_entropy.wgsl" with { type: "text" };
import labelFocal from "../../../shaders/train/label_focal.wgsl" with { type: "text" };
import labelGiven from "../../../shaders/train/label_given.wgsl" with { type: "text" };
import labelSquared from "../../../shaders/train/label_squared.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import taskFixed from "../../../shaders/train/task_fixed.wgsl" with { type: "text" };
import taskLearned from "../../../shaders/train/task_learned.wgsl" with { type: "text" };
import taskScaled from "../../../shaders/train/task_scaled.wgsl" with { type: "text" };
import taskNone from "../../../shaders/train/task_none.wgsl" with { type: "text" };
import termsNone from "../../../shaders/train/terms_none.wgsl" with { type: "text" };
import termsOne from "../../../shaders/train/terms_one.wgsl" with { type: "text" };
import { type BufferRange, lengthOf } from "../../gpu/kernel.ts";
import { type Constants, type Shader, shader } from "../../gpu/shader.ts";
import { applyAll, type Op } from "../../graph/node.ts";
import { formatShape, type Shape, type Tensor } from "../../graph/tensor.ts";
import { crossEntropy, type LabelLoss } from "../../losses.ts";

/** How the losses of the tasks are put together. */
type Weighting = "sum" | "fixed" | "learned" | "scaled";

const WEIGHTINGS: Readonly<Record<Weighting, Readonly<Record<string, string>>>> = {
  sum: { task_none: taskNone },
  fixed: { task_fixed: taskFixed },
  learned: { task_learned: taskLearned },
  scaled: { task_scaled: taskScaled },
};

/** The loss of a label, or `"given"` where the training's own function has computed it in place of the logits. */
type Label = LabelLoss | "given";

function lossShader(weighting: Weighting, hasTerm: boolean, label: Label): Shader {
  const terms: Record<string, string> = hasTerm ? { terms_one: termsOne } : { terms_none: termsNone };
  return shader("loss", { grid, step, ...labelPart(label), ...WEIGHTINGS[weighting], ...terms, loss: source });
}

function labelPart(label: Label): Record<string, string> {
  if (label === "given") return { label_given: labelGiven };
  if (label.name === "focal") return { label_focal: labelFocal };
  if (label.name === "squared") return { label_squared: labelSquared };
  return label.positiveWeight === 1 ? { label_cross_entropy: labelCrossEntropy } : { label_balanced: labelBalanced };
}

function labelConstants(label: Label): Constants {
  if (label === "given") return {};
  const { constants, smoothing: { kept, added } } = label;
  return { ...constants, ...(kept !== 1 && { KEPT: kept, ADDED: added }) };
}

const CROSS_ENTROPY = crossEntropy();

/** Rows that one workgroup sums; `BLOCK` in the shader. */
const BLOCK = 4096;

interface LossAttributes {
  readonly ring?: BufferRange;
  readonly label: Label;
  readonly weighting: Weighting;
  readonly weighted: boolean;
  /** Whether the last input is a term that the loss has besides. */
  readonly hasTerm: boolean;
  /** Factor of all tasks' losses. */
  readonly scale?: number;
  /** Whether a task's sum is divided by the weight of all rows. */
  readonly byRows?: boolean;
  /** Whether labels are any numbers, all of which are known. */
  readonly real?: boolean;
}

/** The loss with its gradient, and that of the tasks' log-variances where these are learned. */
const labelLossOp: Op<LossAttributes> = {
  name: "label_loss",
  outputs: (inputs, { weighting, hasTerm, byRows = false }) => {
    const [logits, targets, tasks] = inputs.slice(0, hasTerm ? -1 : undefined);
    const count = tasksOf("label loss", logits);
    expectShape("label loss", "targets", targets, [count + (byRows ? 2 : 1), "B"]);
    if (tasks) expectShape("label loss", "weights of tasks", tasks, [count]);
    if (hasTerm) expectShape("label loss", "the term", inputs[inputs.length - 1], [1]);
    return [[1], ["B", count], ...(weighting === "learned" ? [[count]] : [])];
  },
  emit: (k, { inputs, outputs: [loss, dLogits, dTasks], attributes }) => {
    const { ring, label, weighting, weighted: isWeighted, hasTerm, scale, byRows = false, real = false } = attributes;
    const [logits, targets, given] = inputs.slice(0, hasTerm ? -1 : undefined);
    const tasks = tasksOf("label loss", logits);
    const blocks = Math.ceil(k.batch / BLOCK);
    const slots = ring ? Math.floor(lengthOf(ring) / 4) : 0;
    const params = { batch: k.batch, tasks, blocks, slots };
    const common = {
      shader: lossShader(weighting, hasTerm, label),
      constants: {
        ...{ ...labelConstants(label), WEIGHTED: isWeighted, BY_ROWS: byRows },
        ...(real && { REAL: true }),
        ...(scale !== undefined && { SCALE: scale }),
      },
      params,
    };
    const gradient = { logits, targets, d_logits: dLogits };
    const term = hasTerm ? inputs[inputs.length - 1] : undefined;
    const result = { loss, ring: ring ?? k.scratch([1]), d_log_variances: dTasks, term };
    const byTask = { [weighting === "learned" ? "log_variances" : "task_weights"]: given };
    if (blocks === 1) {
      k.run({ ...common, entry: "whole", bind: { ...gradient, ...byTask, ...result }, grid: 1 });
      return;
    }
    const [weights, sums] = [k.scratch([tasks]), k.scratch([tasks, blocks])];
    k.run({ ...common, entry: "weigh", bind: { targets, weights }, grid: tasks });
    k.run({
      ...common,
      entry: "partial",
      bind: { ...gradient, ...byTask, weights, sums },
      grid: [blocks, tasks, 1],
    });
    k.run({ ...common, entry: "finish", bind: { ...result, ...byTask, weights, sums }, grid: 1 });
  },
};

interface ScoresAttributes {
  readonly scores: BufferRange;
  readonly kept: BufferRange | undefined;
  /** Whether scores are the logits themselves. */
  readonly real: boolean;
}

const recordedLabelLossOp: Op<LossAttributes> = { ...labelLossOp, effect: true };

const storeScoresOp: Op<ScoresAttributes> = {
  name: "store_scores",
  effect: true,
  outputs: ([logits]) => {
    tasksOf("scores", logits);
    return [];
  },
  emit: (k, { inputs: [logits], attributes: { scores, kept, real } }) => {
    const tasks = tasksOf("scores", logits);
    k.run({
      shader: lossShader("sum", false, CROSS_ENTROPY),
      entry: kept ? "score_and_keep" : "score",
      bind: { logits, scores, kept_logits: kept },
      constants: real ? { REAL: true } : {},
      params: { batch: k.batch, tasks, blocks: 0, slots: 0 },
      grid: Math.ceil(k.batch * tasks / 256),
    });
  },
};

function tasksOf(op: string, { shape }: Tensor): number {
  const [batch, tasks] = shape;
  if (shape.length === 2 && batch === "B" && typeof tasks === "number") return tasks;
  throw new TypeError(`Cannot build ${op}: logits must have shape [B, T], received ${formatShape(shape)}`);
}

function expectShape(op: string, name: string, tensor: Tensor, shape: Shape): void {
  if (tensor.shape.join() === shape.join()) return;
  throw new TypeError(
    `Cannot build ${op}: ${name} must have shape ${formatShape(shape)}, received ${formatShape(tensor.shape)}`,
  );
}

/** The loss of a batch with its gradient. */
export interface Loss {
  /** Sum over tasks of the mean over their labels, and the term, `[1]`. */
  readonly loss: Tensor;
  /** Gradient of the loss by the logits, `[B, T]`; 0 for padding rows and unknown labels. */
  readonly dLogits: Tensor;
  /** Gradient of the loss by the tasks' log-variances, `[T]`, where these are learned. */
  readonly dLogVariances?: Tensor;
}

/** Options of {@linkcode labelLoss}. */
export interface LossOptions {
  /**
   * The loss of a label; `"given"` where `logits` are the losses of the labels themselves, so that dLogits is the gradient
   * by these. @default {crossEntropy()}
   */
  readonly label?: LabelLoss | "given";
  /** Where the loss of each step is stored, at `step.slot`; the op then runs though nobody reads it. */
  readonly ring?: BufferRange;
  /** Whether rows differ in weight, or labels can be unknown; else all labels of the valid rows count 1. @default {false} */
  readonly weighted?: boolean;
  /** Weights u of the tasks, `[T]`: L = sum_t u_t L_t. */
  readonly taskWeights?: Tensor;
  /** Learned log-variances s of the tasks, `[T]`, in place of weights: L = sum_t exp(-s_t) L_t + s_t / 2. */
  readonly logVariances?: Tensor;
  /** Factor of all tasks' losses, in place of weights. */
  readonly scale?: number;
  /** Whether labels are any numbers, all of which are known. @default {false} */
  readonly real?: boolean;
  /** What the loss has besides, `[1]`: its gradient is the affair of those who computed it. */
  readonly term?: Tensor;
}

/**
 * Computes the loss of the labels of T tasks and its gradient in one pass, by default binary cross-entropy:
 *
 *     L = sum_t L_t,  L_t = sum_b w_bt l(z_bt, y_bt) / n_t,  n_t = sum_b w_bt
 *     l(z, y) = max(z, 0) - z y + ln(1 + exp(-|z|))
 *
 * where w_bt is the row's weight, or 0 where the label is unknown; a task without labels adds nothing.
 *
 * @param logits `[B, T]`
 * @param targets `[T + 1, B]`: labels in [0, 1] or -1 for an unknown one, and the row's weight, 0 for padding rows
 * @throws {TypeError} when a shape differs, or weights and log-variances are both given
 */
export function labelLoss(logits: Tensor, targets: Tensor, options: LossOptions = {}): Loss {
  const { label = CROSS_ENTROPY, ring, taskWeights, logVariances, scale, term, weighted = false, real } = options;
  if (taskWeights && logVariances) {
    throw new TypeError("Cannot build label loss: tasks have weights or log-variances, received both");
  }
  const weighting = taskWeights ? "fixed" : logVariances ? "learned" : scale === undefined ? "sum" : "scaled";
  const how = { label, ring, weighting, weighted, scale, real } as const;
  return applyLoss([logits, targets, taskWeights ?? logVariances], term, how);
}

/**
 * Computes the negative log-likelihood of K intervals' hazards h = sigmoid(z), the probabilities that the end comes in an
 * interval for what lasted until then, and its gradient in one pass:
 *
 *     L = sum_b w_b sum_k u_k l_bk / sum_b w_b,  l = -ln(1 - h) where row b survived interval k, -ln(h) where it ended in it
 *
 * An interval that a row had ended before, or was censored before, counts for nothing. Cross-entropy of labels that are
 * known for some rows differs in its divisor, which here is the weight of all rows.
 *
 * M. Gensheimer, B. Narasimhan: A scalable discrete-time survival model for neural networks. PeerJ 7, 2019.
 *
 * @param logits `[B, K]`
 * @param targets `[K + 2, B]`: labels 0, 1 or -1 for an interval that counts for nothing, then the row's weight, which is
 * 0 for padding rows, and whether it is none
 * @throws {TypeError} when a shape differs
 */
export function hazardLoss(
  logits: Tensor,
  targets: Tensor,
  { ring, taskWeights, term }: Pick<LossOptions, "ring" | "taskWeights" | "term"> = {},
): Loss {
  const weighting = taskWeights ? "fixed" : "sum";
  const how = { label: CROSS_ENTROPY, ring, weighting, weighted: true, byRows: true } as const;
  return applyLoss([logits, targets, taskWeights], term, how);
}

function applyLoss(
  given: readonly (Tensor | undefined)[],
  term: Tensor | undefined,
  attributes: Omit<LossAttributes, "hasTerm">,
): Loss {
  const inputs = [...given, term].filter((tensor) => tensor !== undefined);
  const op = attributes.ring ? recordedLabelLossOp : labelLossOp;
  const [loss, dLogits, dLogVariances] = applyAll(op, inputs, { ...attributes, hasTerm: term !== undefined });
  return { loss, dLogits, dLogVariances };
}

/**
 * Stores the probabilities of each valid row, out[T (step.first + b) + t] = sigmoid(logits[b, t]), and its logits at the
 * same place of `kept`. Of labels that are numbers, the logits are stored in place of probabilities.
 *
 * @param logits `[B, T]`
 * @param out room for T f32 per row of the data set
 * @param kept as much room, where logits are wanted as well
 * @param real whether labels are numbers
 * @throws {TypeError} when the logits have another shape
 */
export function storeScores(logits: Tensor, out: BufferRange, kept?: BufferRange, real = false): void {
  applyAll(storeScoresOp, [logits], { scores: out, kept, real });
}
