/**
 * Multi-head self-attention over fields in one kernel forward and one or two backward.
 *
 * @module
 */
import source from "../../../shaders/sequence/attention_queries.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { type Constants, type Shader, shader } from "../../gpu/shader.ts";
import { apply, applyAll, type Emitter, type Op } from "../../graph/node.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem, type Variant } from "../../kernels/variant.ts";
import { attentionGroup, emitGroupAttention } from "./attention_groups.ts";
import { lanesOf } from "../shape/lane.ts";

/** What attention is specialized by. */
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
}

/** Sizes that the choice of a kernel depends on. */
export interface AttentionProblem extends Problem {
  readonly batch: number;
  readonly fields: number;
  readonly heads: number;
  readonly width: number;
}

/** A kernel of attention: `bind` has all tensors that it binds, the projections p among them. */
export interface AttentionTask {
  readonly attributes: AttentionAttributes;
  readonly bind: Readonly<Record<string, Tensor>>;
}

/** Threads of a workgroup. */
const THREADS = 64;

/** Returns the operations of the scores and of the weighted sums. */
export function attentionFlops({ batch, fields, width }: AttentionProblem): number {
  return 4 * batch * fields * fields * width;
}

/** Time of an operation by workgroups that load the rows of a head once, where one by threads that each load all takes 1. */
const GROUPS = 0.5;

/** How much longer workgroups take on a processor, whose workgroup memory is memory like any other. */
const GROUPS_ON_PROCESSOR = 16;

function attentionKernel(
  name: string,
  emitQueries: (k: Emitter, task: AttentionTask) => void,
  emitGroups: (k: Emitter, task: AttentionTask) => void,
): Kernel<AttentionTask, AttentionProblem> {
  const groups: Variant<AttentionTask, AttentionProblem> = {
    ...gpuVariant("groups", (problem) => GROUPS * attentionFlops(problem), emitGroups, GROUPS_ON_PROCESSOR),
    fits: (profile, { fields, heads, width }) =>
      attentionGroup(profile, { fields, width: width / heads }) !== undefined,
  };
  return {
    name,
    problem: ({ batch }, { attributes: { heads, width }, bind }) => ({ batch, ...sizesOf(bind.p), heads, width }),
    variants: [gpuVariant("gpu", attentionFlops, emitQueries), groups],
  };
}

/** The weighted sums and the logarithms of the softmaxes' denominators. */
export const attentionForwardKernel = attentionKernel(
  "attention",
  (k, task) => emitAttention(k, "forward", task, queriesShader(task)),
  (k, { attributes, bind }) => emitGroupAttention(k, "forward", bind, { ...attributes, ...sizesOf(bind.p) }),
);

/** The gradient by the projections. */
export const attentionBackwardKernel = attentionKernel(
  "attention_backward",
  (k, task) => {
    const { attributes, bind: { p, y, dy, lse, dp, dz, delta } } = withDelta(k, task);
    emitAttention(k, "queries", { attributes, bind: { p, y, dy, lse, dp, dz, delta } }, queriesShader(task));
    emitAttention(k, "keys", { attributes, bind: { p, lse, dp, dz, delta } }, queriesShader(task));
  },
  (k, { attributes, bind: { p, y, dy, lse, dp, dz } }) => {
    const bind = { p, y, dy, levels: lse, dp, dz };
    emitGroupAttention(k, "backward", bind, { ...attributes, ...sizesOf(p) }, k.needed(dz));
  },
);

/** Returns a task with memory for delta, which the gradients of all queries or keys of a head share, `[B, H, F]`. */
export function withDelta(k: Emitter, { attributes, bind }: AttentionTask): AttentionTask {
  return { attributes, bind: { ...bind, delta: k.scratch(bind.lse.shape) } };
}

/** A shader whose threads take so many queries or keys each. */
export interface AttentionShader {
  readonly shader: Shader;
  readonly block: number;
  readonly constants?: Constants;
}

function queriesShader({ attributes: { heads, width } }: AttentionTask): AttentionShader {
  const { count, part } = lanesOf(width / heads);
  const kernels = shader("attention", { grid, ...part, attention_queries: source });
  return { shader: kernels, block: 1, constants: { COUNT: count } };
}

/** Returns the fields of projections, and their columns. */
export function sizesOf({ shape }: Tensor): { fields: number; stride: number } {
  const [batch, fields, stride] = shape;
  if (shape.length !== 3 || batch !== "B" || typeof fields !== "number" || typeof stride !== "number") {
    throw new TypeError(
      `Cannot build attention: projections must have shape [B, F, N], received ${formatShape(shape)}`,
    );
  }
  return { fields, stride };
}

/** Appends a kernel by a shader; `both` takes a whole head of a sample, and `weights` one weight. */
export function emitAttention(
  k: Emitter,
  entry: "forward" | "queries" | "keys" | "both" | "weights",
  { attributes, bind }: AttentionTask,
  { shader, block, constants }: AttentionShader,
): void {
  const { heads, width, residual, scale, relu } = attributes;
  const { fields, stride } = sizesOf(bind.p);
  const lane = lanesOf(width / heads).width;
  const kind = { RELU: relu, RESIDUAL: residual !== "none", PACKED: residual === "packed" };
  const rows = Math.ceil(fields / block);
  const each = { weights: fields * fields, both: 1, forward: rows, queries: rows, keys: rows }[entry];
  const perPair = { forward: 4, queries: 8, keys: 8, both: 10, weights: 2 }[entry];
  k.run({
    shader,
    entry,
    bind,
    constants: { ...constants, ...(entry === "weights" || entry === "keys" ? {} : kind) },
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
    grid: Math.ceil(k.batch * heads * each / THREADS),
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
  emit: (k, { inputs: [p, r], outputs: [o, lse], attributes }) =>
    emitKernel(k, attentionForwardKernel, { attributes, bind: { p, r: r ?? p, o, lse } }),
  backward: ({ inputs: [p, r], outputs: [o, lse], attributes }, [dy]) => {
    if (!dy) return [];
    const [dp, dz] = applyAll(attentionBackwardOp, [p, o, dy, lse, ...(r ? [r] : [])], attributes);
    return attributes.residual === "input" ? [dp, attributes.relu ? dz : dy] : [dp];
  },
};

const attentionBackwardOp: Op<AttentionAttributes> = {
  name: "attention_backward",
  outputs: ([p, o]) => [p.shape, o.shape],
  emit: (k, { inputs: [p, y, dy, lse, r], outputs: [dp, dz], attributes }) =>
    emitKernel(k, attentionBackwardKernel, { attributes, bind: { p, r: r ?? p, y, dy, lse, dp, dz } }),
};

const weightsOp: Op<AttentionAttributes> = {
  name: "attention_weights",
  outputs: ([p], { heads }) => [["B", heads, sizesOf(p).fields, sizesOf(p).fields]],
  emit: (k, { inputs: [p, lse], outputs: [w], attributes }) => {
    const task = { attributes, bind: { p, lse, w } };
    emitAttention(k, "weights", task, queriesShader(task));
  },
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
