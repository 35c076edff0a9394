/**
 * Multi-head self-attention over fields in one kernel forward and one or two backward.
 *
 * @module
 */
import grid from "../../shaders/grid.wgsl" with { type: "text" };
import { generatedShader, type Shader } from "../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../graph/node.ts";
import { formatShape, type Tensor } from "../graph/tensor.ts";
import { isWorthImages } from "../software/drivers.ts";
import { emitImageAttention, fitsImages } from "../software/attention/images.ts";
import { ATTENTION_LANES, attentionSource } from "../software/attention/source.ts";
import { attentionGroup, emitGroupAttention } from "./attention_groups.ts";
import { lanesOf } from "./lane.ts";

/** What attention is specialised by. */
export interface AttentionAttributes {
  /** Heads H; each has A / H columns. */
  readonly heads: number;
  /** Columns A of the result. */
  readonly width: number;
  /** Where the residual is: the fourth part of the projections, an input of its own, or nowhere. */
  readonly residual: "packed" | "input" | "none";
  /** Factor of q . k. */
  readonly scale: number;
  /** Whether results are cut off at 0. */
  readonly relu: boolean;
  /** The kernels. @default those that suit the device */
  readonly variant?: AttentionVariant;
}

/**
 * Kernels: for processors, whose invocations are few and long, with projections in buffers or in images; or for GPUs, by
 * workgroups that hold a head's rows or by invocations that each load all of them. Images serve heads of whole fours,
 * narrow ones where there are many fields; buffers take their place elsewhere. Workgroups serve heads of 4, 8, 16 or 32
 * numbers whose rows they have memory for.
 */
export type AttentionVariant = "software" | "images" | "groups" | "gpu";

/** Registers, counted in lanes, that queries of an invocation take at most on an adapter. */
const BLOCK = { software: 16, images: 16, groups: 1, gpu: 1 };

function variantFor(k: Emitter, p: Tensor, { variant, heads, width }: AttentionAttributes): AttentionVariant {
  const { fields } = sizesOf(p);
  const fits = fitsImages(fields, width / heads);
  const gpu = attentionGroup(k.gpu, { fields, width: width / heads }) ? "groups" : "gpu";
  if (variant) return variant === "images" && !fits ? "software" : variant === "groups" ? gpu : variant;
  if (!k.gpu.adapter.software) return gpu;
  return fits && isWorthImages(k.gpu.profile, 4 * k.batch * fields * fields * width) ? "images" : "software";
}

function shaderFor(k: Emitter, p: Tensor, attributes: AttentionAttributes): { kernels: Shader; block: number } {
  const { count, part } = lanesOf(attributes.width / attributes.heads);
  const block = Math.max(1, Math.floor(BLOCK[variantFor(k, p, attributes)] / count));
  const text = (): string => attentionSource(count, block);
  const kernels = generatedShader("attention", { grid, ...part }, "attention/source", [count, block], text);
  return { kernels, block };
}

function sizesOf({ shape }: Tensor): { fields: number; stride: number } {
  const [batch, fields, stride] = shape;
  if (shape.length !== 3 || batch !== "B" || typeof fields !== "number" || typeof stride !== "number") {
    throw new TypeError(
      `Cannot build attention: projections must have shape [B, F, N], received ${formatShape(shape)}`,
    );
  }
  return { fields, stride };
}

function emit(
  k: Emitter,
  entry: string,
  bind: Record<string, Tensor>,
  attributes: AttentionAttributes,
): void {
  const { heads, width, residual, scale, relu } = attributes;
  const { fields, stride } = sizesOf(bind.p);
  const { kernels, block } = shaderFor(k, bind.p, attributes);
  const lane = lanesOf(width / heads).width;
  const constants = { RELU: relu, RESIDUAL: residual !== "none", PACKED: residual === "packed" };
  const each = { weights: fields * fields, both: 1 }[entry] ?? Math.ceil(fields / block);
  const invocations = k.batch * heads * each;
  const perPair = { forward: 4, queries: 8, keys: 8, both: 10, weights: 2 }[entry] ?? 0;
  k.run({
    shader: kernels,
    entry,
    bind,
    constants: entry === "weights" || entry === "keys" ? {} : constants,
    params: {
      batch: k.batch,
      fields,
      heads,
      width: width / lane,
      stride: stride / lane,
      r_width: (residual === "packed" ? stride : width) / lane,
      r_first: residual === "packed" ? 3 * width / lane : 0,
      scale,
    },
    grid: Math.ceil(invocations / ATTENTION_LANES),
    flops: perPair * k.batch * fields * fields * width,
  });
}

/** The op behind {@linkcode attention}: inputs p and, where it is one, the residual; outputs o and lse. */
export const attentionOp: Op<AttentionAttributes> = {
  name: "attention",
  outputs: ([p, r], { heads, width, residual }) => {
    const { fields, stride } = sizesOf(p);
    const parts = residual === "packed" ? 4 : 3;
    if (!Number.isInteger(width / heads) || stride !== parts * width) {
      throw new TypeError(
        `Cannot build attention: projections must have ${parts} x ${width} columns for ${heads} heads, received ${stride}`,
      );
    }
    if (residual === "input" && r.shape.join() !== `B,${fields},${width}`) {
      throw new TypeError(
        `Cannot build attention: the residual must have shape [B, ${fields}, ${width}], received ${
          formatShape(r.shape)
        }`,
      );
    }
    return [["B", fields, width], ["B", heads, fields]];
  },
  emit: (k, { inputs: [p, r], outputs: [o, lse], attributes }) => {
    const variant = variantFor(k, p, attributes);
    if (variant === "groups") {
      emitGroupAttention(k, "forward", { p, r: r ?? p, o, lse }, { ...attributes, ...sizesOf(p) });
    } else if (variant === "images") {
      emitImageAttention(k, "forward", p, { r: r ?? p, o, lse }, { ...attributes, ...sizesOf(p) });
    } else {
      emit(k, "forward", { p, r: r ?? p, o, lse }, attributes);
    }
  },
  backward: ({ inputs: [p, r], outputs: [o, lse], attributes }, [dy]) => {
    if (!dy) return [];
    const [dp, dz] = applyAll(attentionBackwardOp, [p, o, dy, lse, ...(r ? [r] : [])], attributes);
    return attributes.residual === "input" ? [dp, attributes.relu ? dz : dy] : [dp];
  },
};

const attentionBackwardOp: Op<AttentionAttributes> = {
  name: "attention_backward",
  outputs: ([p, o, , lse]) => [p.shape, o.shape, lse.shape],
  emit: (k, { inputs: [p, y, dy, lse, r], outputs: [dp, dz, delta], attributes }) => {
    const variant = variantFor(k, p, attributes);
    if (variant === "groups") {
      const bind = { p, y, dy, levels: lse, dp, dz };
      emitGroupAttention(k, "backward", bind, { ...attributes, ...sizesOf(p) }, k.needed(dz));
    } else if (variant === "images") {
      emitImageAttention(k, "both", p, { r: r ?? p, y, dy, lse, dp, dz, delta }, { ...attributes, ...sizesOf(p) });
    } else if (variant === "software") {
      emit(k, "both", { p, r: r ?? p, y, dy, lse, dp, dz, delta }, attributes);
    } else {
      emit(k, "queries", { p, y, dy, lse, dp, dz, delta }, attributes);
      emit(k, "keys", { p, lse, dp, dz, delta }, attributes);
    }
  },
};

const weightsOp: Op<AttentionAttributes> = {
  name: "attention_weights",
  outputs: ([p], { heads }) => [["B", heads, sizesOf(p).fields, sizesOf(p).fields]],
  emit: (k, { inputs: [p, lse], outputs: [w], attributes }) => emit(k, "weights", { p, lse, w }, attributes),
};

/**
 * Attends over fields, head by head: o = act(softmax(scale q k^T) v + r).
 *
 * Only the logarithm of each softmax's denominator is kept for the backward.
 *
 * @param p projections `[B, F, 3 A]`: q, k and v side by side, and where the residual is packed r as a fourth part
 * @param r residual `[B, F, A]`, where it is an input
 * @returns `o` `[B, F, A]`, and `weights` `[B, H, F, F]`, which are computed only where they are read
 * @throws {TypeError} when the shapes do not fit
 */
export function attention(
  p: Tensor,
  r: Tensor | undefined,
  attributes: AttentionAttributes,
): { o: Tensor; weights: Tensor } {
  const [o, lse] = applyAll(attentionOp, r ? [p, r] : [p], attributes);
  return { o, weights: apply(weightsOp, [p, lse], attributes) };
}
