/**
 * Update of all dense parameters in one dispatch.
 *
 * @module
 */
import shrinkBlocks from "../../../shaders/train/shrink_blocks.wgsl" with { type: "text" };
import shrinkNone from "../../../shaders/train/shrink_none.wgsl" with { type: "text" };
import trust from "../../../shaders/train/trust.wgsl" with { type: "text" };
import trustBlocks from "../../../shaders/train/trust_blocks.wgsl" with { type: "text" };
import trustNone from "../../../shaders/train/trust_none.wgsl" with { type: "text" };
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

/** Where each parameter is among all dense ones. */
export interface DenseLayers {
  /** Four u32 for each: first four of numbers, how many fours, whether it has a ratio of its own, and 0. */
  readonly layers: BufferRange;
  /** Room for a ratio for each block of 64 parameters. */
  readonly trusts: BufferRange;
  /** Number of parameters. */
  readonly count: number;
}

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
  /** L1, one number per block of 64 parameters; absent for none. */
  readonly l1?: BufferRange;
  /** Where the parameters are, for rules that look at each as a whole. */
  readonly layers?: DenseLayers;
  /** Largest number of the gradient; unlimited when absent. */
  readonly clipValue?: number;
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
    const { optimizer, slots, clipped, clipValue, l1, layers } = attributes;
    const lanes = attributes.count / 4;
    const rule = { step, ...lanesOf(4).part, ...ruleFiles(optimizer.slots, false, clipped) };
    const bind = {
      weights: attributes.parameters,
      gradient: attributes.gradient,
      l2: attributes.l2,
      clip: clipped ? inputs[inputs.length - 1] : undefined,
      ...Object.fromEntries(slots.map((slot, i) => [`state${i}`, slot])),
    };
    const constants = {
      ...{ ...optimizer.constants, RULE: optimizer.rule },
      ...(clipValue && { CLIP_VALUE: clipValue }),
    };
    if (layers) {
      const { layers: places, trusts, count } = layers;
      const norms = shader("trust", { ...rule, trust });
      k.run({ shader: norms, entry: "ratios", bind: { ...bind, layers: places, trusts }, constants, grid: count });
    }
    k.run({
      shader: shader("dense_update", {
        grid,
        ...rule,
        ...(layers ? { trust_blocks: trustBlocks } : { trust_none: trustNone }),
        ...(l1 ? { shrink_blocks: shrinkBlocks } : { shrink_none: shrinkNone }),
        dense_update: update,
      }),
      entry: "update",
      bind: { ...bind, trusts: layers?.trusts, l1 },
      constants,
      params: { lanes },
      grid: Math.ceil(lanes / 64),
    });
  },
};

/**
 * Updates all dense parameters in place: g = clip (gradient + l2 w), then the optimizer's rule, then L1.
 *
 * @param gradients tensors that share the flat gradient's memory; they only order the update after their kernels
 * @throws {RangeError} when the count is no multiple of 64, or the optimizer has another number of slots
 * @throws {TypeError} when the rule looks at parameters as a whole, and it is not said where they are
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
  if (optimizer.byLayer && !options.layers) {
    throw new TypeError(`Cannot update parameters: ${optimizer.name} needs their places, received none`);
  }
  const inputs = clip ? [...gradients, clip] : [...gradients];
  apply(updateOp, inputs, { ...options, clipped: clip !== undefined });
}
