/**
 * Self-attention over fields for drivers on the processor: threads that are few and long, with projections in buffers or in
 * images. Images serve heads of whole fours, narrow ones where there are many fields.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { generatedShader } from "../../gpu/shader.ts";
import type { KernelSet } from "../../kernels/set.ts";
import {
  attentionBackwardKernel,
  attentionFlops,
  attentionForwardKernel,
  type AttentionProblem,
  type AttentionShader,
  type AttentionTask,
  emitAttention,
  sizesOf,
  withDelta,
} from "../../ops/sequence/attention.ts";
import { lanesOf } from "../../ops/shape/lane.ts";
import { bufferVariant, imageVariant } from "../variants.ts";
import { emitImageAttention, fitsImages, type ImageAttention } from "./images.ts";
import { attentionSource } from "./source.ts";

/** Registers, counted in lanes, that queries of a thread take at most. */
const REGISTERS = 16;

/** Registers the variants. */
export function registerAttention(kernels: KernelSet): void {
  kernels.register(attentionForwardKernel, [
    bufferVariant("buffers", attentionFlops, (k, task) => emitAttention(k, "forward", task, shaderOf(task))),
    imageVariant(fits, attentionFlops, (k, { attributes, bind: { p, ...bind } }) => {
      emitImageAttention(k, "forward", p, bind, sizesFor({ attributes, bind: { p } }));
    }),
  ]);
  kernels.register(attentionBackwardKernel, [
    bufferVariant("buffers", attentionFlops, (k, task) => emitAttention(k, "both", withDelta(k, task), shaderOf(task))),
    imageVariant(fits, attentionFlops, (k, task) => {
      const { attributes, bind: { p, ...bind } } = withDelta(k, task);
      emitImageAttention(k, "both", p, bind, sizesFor({ attributes, bind: { p } }));
    }),
  ]);
}

function fits({ fields, heads, width }: AttentionProblem): boolean {
  return fitsImages(fields, width / heads);
}

function sizesFor({ attributes, bind: { p } }: AttentionTask): ImageAttention {
  return { ...attributes, ...sizesOf(p) };
}

function shaderOf({ attributes: { heads, width } }: AttentionTask): AttentionShader {
  const { count, part } = lanesOf(width / heads);
  const block = Math.max(1, Math.floor(REGISTERS / count));
  const text = (): string => attentionSource(count, block);
  return { shader: generatedShader("attention", { grid, ...part }, "attention/source", [count, block], text), block };
}
