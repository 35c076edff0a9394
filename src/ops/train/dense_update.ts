/**
 * Update of all dense parameters in one dispatch.
 *
 * @module
 */
import update from "../../../shaders/train/dense_update.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import type { BufferRange } from "../../gpu/kernel.ts";
import { shader } from "../../gpu/shader.ts";
import { apply, type Op } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Optimizer } from "../../optimizer.ts";
import { lanesOf } from "../shape/lane.ts";
import { ruleFiles } from "./rule.ts";

/** Options of {@linkcode updateDense}. */
export interface DenseUpdateOptions {
  /** All dense parameters, one after the other. */
  readonly parameters: BufferRange;
  /** Their gradient, in the same order. */
  readonly gradient: BufferRange;
  /** The optimizer's state, `optimizer.slots` buffers of the parameters' size. */
  readonly slots: readonly BufferRange[];
  /** Coupled L2, one number per block of 64 parameters. */
  readonly l2: BufferRange;
  /** Numbers in `parameters`, a multiple of 64. */
  readonly count: number;
  /** The rule. */
  readonly optimizer: Optimizer;
  /** Factor `[1]` for gradients, from `clipScale`. */
  readonly clip?: Tensor;
}

interface Attributes extends DenseUpdateOptions {
  /** Whether the last input is the factor for gradients. */
  readonly clipped: boolean;
}

const updateOp: Op<Attributes> = {
  name: "update_dense",
  effect: true,
  outputs: () => [],
  emit: (k, { inputs, attributes }) => {
    const { optimizer, slots, clipped } = attributes;
    const lanes = attributes.count / 4;
    k.run({
      shader: shader("dense_update", {
        grid,
        step,
        ...lanesOf(4).part,
        ...ruleFiles(optimizer.slots, false, clipped),
        dense_update: update,
      }),
      entry: "update",
      bind: {
        weights: attributes.parameters,
        gradient: attributes.gradient,
        l2: attributes.l2,
        clip: clipped ? inputs[inputs.length - 1] : undefined,
        ...Object.fromEntries(slots.map((slot, i) => [`state${i}`, slot])),
      },
      constants: { ...optimizer.constants, RULE: optimizer.rule },
      params: { lanes },
      grid: Math.ceil(lanes / 64),
    });
  },
};

/**
 * Updates all dense parameters in place: g = clip (gradient + l2 w), then the optimizer's rule.
 *
 * @param gradients tensors that share the flat gradient's memory; they only order the update after their kernels
 * @throws {RangeError} when the count is no multiple of 64, or the optimizer has another number of slots
 */
export function updateDense(gradients: readonly Tensor[], options: DenseUpdateOptions): void {
  const { count, slots, optimizer, clip } = options;
  if (count % 64 !== 0) {
    throw new RangeError(`Cannot update parameters: their count must be a multiple of 64, received ${count}`);
  }
  if (slots.length !== optimizer.slots) {
    throw new RangeError(
      `Cannot update parameters: ${optimizer.name} has ${optimizer.slots} slots, received ${slots.length}`,
    );
  }
  const inputs = clip ? [...gradients, clip] : [...gradients];
  apply(updateOp, inputs, { ...options, clipped: clip !== undefined });
}
