/**
 * Binary cross-entropy fused with its gradient, and scores of a data set.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/train/loss.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { type BufferRange, lengthOf } from "../../gpu/kernel.ts";
import { shader } from "../../gpu/shader.ts";
import { applyAll, type Op } from "../../graph/node.ts";
import { formatShape, type Shape, type Tensor } from "../../graph/tensor.ts";

const loss = shader("loss", { grid, step, loss: source });

/** Rows that one workgroup sums; `BLOCK` in the shader. */
const BLOCK = 4096;

interface LossAttributes {
  readonly ring?: BufferRange;
}

/** The loss with its gradient; the third output stands in for a ring, the fourth holds sums of blocks. */
const crossEntropyOp: Op<LossAttributes> = {
  name: "binary_cross_entropy",
  outputs: ([logits, labels]) => {
    expectShape("binary cross-entropy", "logits", logits, ["B", 1]);
    expectShape("binary cross-entropy", "labels", labels, ["B"]);
    return [[1], ["B", 1], [1], ["B"]];
  },
  emit: (k, { inputs: [logits, labels], outputs: [mean, dLogits, unused, sums], attributes: { ring } }) => {
    const blocks = Math.ceil(k.batch / BLOCK);
    const slots = ring ? Math.floor(lengthOf(ring) / 4) : 0;
    const params = { batch: k.batch, blocks, slots };
    const gradient = { logits, labels, d_logits: dLogits };
    const result = { loss: mean, ring: ring ?? unused };
    if (blocks === 1) {
      k.run({ shader: loss, entry: "whole", bind: { ...gradient, ...result }, params, grid: 1 });
      return;
    }
    k.run({ shader: loss, entry: "partial", bind: { ...gradient, sums }, params, grid: blocks });
    k.run({ shader: loss, entry: "finish", bind: { ...result, sums }, params, grid: 1 });
  },
};

const recordedCrossEntropyOp: Op<LossAttributes> = { ...crossEntropyOp, effect: true };

const storeScoresOp: Op<{ readonly out: BufferRange }> = {
  name: "store_scores",
  effect: true,
  outputs: ([logits]) => {
    expectShape("scores", "logits", logits, ["B", 1]);
    return [];
  },
  emit: (k, { inputs: [logits], attributes: { out } }) =>
    k.run({
      shader: loss,
      entry: "score",
      bind: { logits, scores: out },
      params: { batch: k.batch, blocks: 0, slots: 0 },
      grid: Math.ceil(k.batch / 256),
    }),
};

function expectShape(op: string, name: string, tensor: Tensor, shape: Shape): void {
  if (tensor.shape.join() === shape.join()) return;
  throw new TypeError(
    `Cannot build ${op}: ${name} must have shape ${formatShape(shape)}, received ${formatShape(tensor.shape)}`,
  );
}

/** The mean loss of a batch with its gradient. */
export interface Loss {
  /** Mean over the valid rows, `[1]`. */
  readonly loss: Tensor;
  /** Gradient of the mean by the logits, `[B, 1]`; 0 for padding rows. */
  readonly dLogits: Tensor;
}

/**
 * Computes the mean binary cross-entropy of logits and its gradient in one pass:
 *
 *     loss = 1/rows sum_b ( max(z_b, 0) - z_b y_b + ln(1 + exp(-|z_b|)) ),  dLogits[b] = (sigmoid(z_b) - y_b) / rows
 *
 * @param logits `[B, 1]`
 * @param labels `[B]`, in [0, 1]
 * @param ring where the loss of each step is stored, at `step.slot`; the op then runs though nobody reads it
 * @throws {TypeError} when a shape differs
 */
export function binaryCrossEntropy(logits: Tensor, labels: Tensor, ring?: BufferRange): Loss {
  const op = ring ? recordedCrossEntropyOp : crossEntropyOp;
  const [mean, dLogits] = applyAll(op, [logits, labels], { ring });
  return { loss: mean, dLogits };
}

/**
 * Stores the probability of each valid row: out[step.first + b] = sigmoid(logits[b]).
 *
 * @param logits `[B, 1]`
 * @param out room for one f32 per row of the data set
 * @throws {TypeError} when the logits have another shape
 */
export function storeScores(logits: Tensor, out: BufferRange): void {
  applyAll(storeScoresOp, [logits], { out });
}
