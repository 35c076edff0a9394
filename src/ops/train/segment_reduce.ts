/**
 * Segment reduction: the gradients of a table's occurrences, summed by row in a fixed order.
 *
 * @module
 */
import fmPack from "../../../shaders/train/fm_pack.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import rowRule from "../../../shaders/train/row_rule.wgsl" with { type: "text" };
import segmentApply from "../../../shaders/train/segment_apply.wgsl" with { type: "text" };
import segmentBeside from "../../../shaders/train/segment_beside.wgsl" with { type: "text" };
import segmentBesideNone from "../../../shaders/train/segment_beside_none.wgsl" with { type: "text" };
import segmentEmbedding from "../../../shaders/train/segment_embedding.wgsl" with { type: "text" };
import segmentEmbeddingNone from "../../../shaders/train/segment_embedding_none.wgsl" with { type: "text" };
import segmentEmbeddingPair from "../../../shaders/train/segment_embedding_pair.wgsl" with { type: "text" };
import segmentFinish from "../../../shaders/train/segment_finish.wgsl" with { type: "text" };
import segmentFm from "../../../shaders/train/segment_fm.wgsl" with { type: "text" };
import segmentFmNone from "../../../shaders/train/segment_fm_none.wgsl" with { type: "text" };
import segmentFmPacked from "../../../shaders/train/segment_fm_packed.wgsl" with { type: "text" };
import segmentLinear from "../../../shaders/train/segment_linear.wgsl" with { type: "text" };
import segmentLinearNone from "../../../shaders/train/segment_linear_none.wgsl" with { type: "text" };
import segmentRowL2 from "../../../shaders/train/segment_row_l2.wgsl" with { type: "text" };
import segmentRowL2None from "../../../shaders/train/segment_row_l2_none.wgsl" with { type: "text" };
import segmentReduce from "../../../shaders/train/segment_reduce.wgsl" with { type: "text" };
import segmentStore from "../../../shaders/train/segment_store.wgsl" with { type: "text" };
import segmentUnit from "../../../shaders/train/segment_unit.wgsl" with { type: "text" };
import segmentValue from "../../../shaders/train/segment_value.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import type { BufferRange } from "../../gpu/kernel.ts";
import { type Shader, shader } from "../../gpu/shader.ts";
import type { Emitter, Node } from "../../graph/node.ts";
import type { Table } from "../../graph/parameter.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Optimizer } from "../../optimizer.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { lanesOf } from "../shape/lane.ts";
import {
  besideStateFile,
  gradientRange,
  rowL2Range,
  rowStrengthFile,
  rowStrengthRange,
  ruleFiles,
  stateRanges,
  tableRule,
} from "./rule.ts";

/** Chunks whose runs a workgroup finishes on a GPU, which is as many as any run but the last has pieces at most. */
const GROUP_CHUNKS = 64;

/** Storage buffers that every device binds. */
const PORTABLE_BUFFERS = 8;

/** What the reduction and the update of a table are specialized by. */
export interface TableAttributes {
  /** The table. */
  readonly table: Table;
  /** The rule. */
  readonly optimizer: Optimizer;
  /** Place of its rate in a step. */
  readonly place: number;
  /** Coupled L2. */
  readonly l2: number;
  /** Strength of L1. */
  readonly l1: number;
  /** Largest number of the gradient; unlimited when absent. */
  readonly clipValue?: number;
  /** Whether rows of the batch have strengths of L2 of their own, in a slot of the table. */
  readonly rowL2: boolean;
  /** Whether each row has a coupled L2 of its own, in another slot of the table. */
  readonly rowStrength: boolean;
  /** Fields of the lookup. */
  readonly fields: number;
  /** Binding names of the node's inputs, in order. */
  readonly names: readonly string[];
}

/** Where the sum of a run goes: through the rule, to its row in the table's last slot, or to its first position. */
export type Sink = "apply" | "row" | "position";

/** Returns the inputs of a node by binding name. */
export function inputsByName(
  { inputs, attributes }: Pick<Node<TableAttributes>, "inputs" | "attributes">,
): Record<string, Tensor | undefined> {
  return Object.fromEntries(inputs.map((tensor, i) => [attributes.names[i], tensor]));
}

/**
 * Returns how many lanes of a row one invocation takes, `most` or fewer: all of them for a rule that needs the whole row.
 */
export function spanOf({ table, optimizer }: TableAttributes, applies: boolean, most: number): number {
  const { count } = lanesOf(table.dim);
  if (applies && (optimizer.rowSlots > 0 || optimizer.byLayer)) return count;
  let span = Math.min(count, most);
  while (count % span > 0) span--;
  return span;
}

/** Whether the reduction can apply the rule on every device, its FM terms packed where that helps. */
export function canApply(attributes: TableAttributes): boolean {
  const { names } = attributes;
  return buffersAlone(attributes, names.length - 1, "apply") - (names.includes("d_fm") ? 1 : 0) <= PORTABLE_BUFFERS;
}

/** Counts the storage buffers that a reduction of so many terms binds: those, the table, `carry`, and those of the sink. */
function buffersAlone({ optimizer, rowL2, rowStrength }: TableAttributes, terms: number, sink: Sink): number {
  const state = Math.max(optimizer.slots, optimizer.rowSlots);
  return terms + 2 + Number(rowL2) + (sink === "apply" ? state + Number(rowStrength) : 1);
}

/** A reduction of the gradients of a table's occurrences. */
export interface Reduction {
  readonly attributes: TableAttributes;
  /** Occurrences sorted by row and the terms of the gradient, by binding name. */
  readonly terms: Terms;
  readonly sink: Sink;
  /** Sums at the position where each row's run starts, where they go there. */
  readonly sums?: Tensor;
  /** A table of width 1 with the same occurrences that is updated in the same pass, for the sink `apply`. */
  readonly beside?: Beside;
}

/** A table of width 1 beside another one, of one shard like it. */
export interface Beside {
  readonly table: Table;
  /** Gradient of its sum over fields, `[B, 1]`. */
  readonly dLinear: Tensor;
}

type Terms = Readonly<Record<string, Tensor | undefined>>;

/** Sizes that the choice of a kernel depends on. */
export interface ReductionProblem extends Problem {
  readonly occurrences: number;
  readonly dim: number;
  readonly sink: Sink;
}

/** How a reduction is cut into work. */
export interface ReductionWork {
  /** Sorted positions that one worker sums. */
  readonly chunk: number;
  /** Lanes of a row that one invocation takes at most. */
  readonly span: number;
  /** Whether a worker of one lane loads the next position before it adds the present one. */
  readonly loadsAhead: boolean;
  /** Whether a workgroup finishes the runs of many chunks together. */
  readonly finishesGroups: boolean;
}

/** Positions of the smallest chunk: a GPU needs many workers to hide latency. */
const LEAST_CHUNK = 8;

/** Returns the operations of a reduction. */
export function reductionFlops({ occurrences, dim }: ReductionProblem): number {
  return 2 * occurrences * dim;
}

/** The reduction; on GPUs by many workers. */
export const reductionKernel: Kernel<Reduction, ReductionProblem> = {
  name: "segment_reduce",
  problem: ({ batch }, { attributes: { fields, table }, sink }) => ({
    occurrences: fields * batch,
    dim: table.dim,
    sink,
  }),
  variants: [gpuVariant("gpu", reductionFlops, (k, task) => {
    emitReductionWork(k, task, { chunk: LEAST_CHUNK, span: 1, loadsAhead: true, finishesGroups: true });
  })],
};

/** Emits a reduction of a node's gradients. */
export function emitReduction(k: Emitter, node: Node<TableAttributes>, sink: Sink, sums?: Tensor): void {
  const { table: _, ...terms } = inputsByName(node);
  emitKernel(k, reductionKernel, { attributes: node.attributes, terms, sink, sums });
}

/** Emits the two dispatches of a reduction for each shard of the table. */
export function emitReductionWork(k: Emitter, reduction: Reduction, work: ReductionWork): void {
  const { attributes, sink, sums, beside } = reduction;
  const { table, optimizer, fields, l2, rowL2 } = attributes;
  const { width, count: lanes } = lanesOf(table.dim);
  const applies = sink === "apply";
  const { chunk, loadsAhead, finishesGroups } = work;
  const span = spanOf(attributes, applies, work.span);
  const terms = packTerms(k, reduction);
  const constants = {
    ...{ CHUNK: chunk, BATCH: k.batch, FIELDS: fields },
    ...{ LANES: lanes, STRIDE: table.stride / width, SPAN: span, GROUP_CHUNKS },
    ...(terms.d_more && { FIRST_FIELDS: fields - Number(terms.d_more.shape[1]) }),
    ...(applies ? tableRule(table, attributes) : { BY_ROW: sink === "row" }),
  };
  const chunks = Math.ceil(fields * k.batch / chunk);
  const carry = k.scratch([chunks, 2, table.dim + (beside ? width * lanes / span : 0)]);
  const entries = [
    {
      entry: loadsAhead && span === 1 ? "reduce_ahead" : "reduce",
      reads: { ...terms, d_beside: beside?.dLinear },
      weighs: applies || rowL2 || terms.d_fm || terms.fm_terms,
    },
    { entry: finishesGroups ? "finish_group" : "finish", reads: { pairs: terms.pairs }, weighs: applies || rowL2 },
  ];
  for (const { entry, reads, weighs } of entries) {
    k.shards(table, 0).forEach(({ first, rows, range }, i) =>
      k.run({
        shader: reductionShader(attributes, terms, applies, beside !== undefined),
        entry,
        bind: {
          ...reads,
          weights: weighs ? range : undefined,
          carry,
          row_l2: rowL2 ? rowL2Range(k, table, optimizer, i) : undefined,
          reduced: applies ? undefined : sink === "row" ? gradientRange(k, table, optimizer, i) : sums,
          ...(applies ? { ...stateRanges(k, table, optimizer, i), ...rowStrengthRange(k, attributes, i) } : {}),
          ...(beside && besideRanges(k, beside.table, optimizer)),
        },
        constants,
        params: { first, rows, l2 },
        grid: entry === "finish_group" ? Math.ceil(chunks / GROUP_CHUNKS) : Math.ceil(chunks * (lanes / span) / 64),
      })
    );
  }
}

/** Returns where the weights and the state of a table beside another one are, by binding name. */
function besideRanges(k: Emitter, table: Table, optimizer: Optimizer): Record<string, BufferRange> {
  return { beside_weights: k.shards(table, 0)[0].range, ...stateRanges(k, table, optimizer, 0, "beside_") };
}

/** Returns the storage buffers that a reduction binds, unless terms are packed. */
export function buffersOf({ attributes, terms, sink, beside }: Reduction): number {
  const { length } = Object.values(terms).filter((term) => term !== undefined);
  // Weights, gradient and state of the table beside.
  return buffersAlone(attributes, length, sink) + (beside ? 2 + attributes.optimizer.slots : 0);
}

/** Returns the terms of the gradient, those of FM packed into one buffer where the device binds too few. */
function packTerms(k: Emitter, reduction: Reduction): Terms {
  const { attributes: { table }, terms } = reduction;
  const { d_fm, fm_sum } = terms;
  if (!d_fm || buffersOf(reduction) <= k.gpu.profile.limits.storageBuffers) return terms;
  const { count: lanes, width, part } = lanesOf(table.dim);
  const size = k.batch * (lanes + 1);
  const packed = k.scratch(["B", lanes + 1, width]);
  k.run({
    shader: shader("fm_pack", { grid, ...part, fm_pack: fmPack }),
    entry: "pack",
    bind: { d_fm, fm_sum, y: packed },
    params: { lanes, size },
    grid: Math.ceil(size / 64),
  });
  return { ...terms, d_fm: undefined, fm_sum: undefined, fm_terms: packed };
}

function reductionShader(
  { table, optimizer, rowL2, rowStrength }: TableAttributes,
  terms: Terms,
  applies: boolean,
  hasBeside: boolean,
): Shader {
  const { rowSlots, slots } = optimizer;
  return shader("segment_reduce", {
    grid,
    step,
    ...lanesOf(table.dim).part,
    segment_reduce: segmentReduce,
    segment_finish: segmentFinish,
    ...termFiles(terms),
    ...(rowL2 ? { segment_row_l2: segmentRowL2 } : { segment_row_l2_none: segmentRowL2None }),
    ...(hasBeside
      ? { segment_beside: segmentBeside, ...besideStateFile(slots) }
      : { segment_beside_none: segmentBesideNone }),
    ...(applies
      ? {
        ...ruleFiles(slots, rowSlots > 0, false),
        ...rowStrengthFile(rowStrength),
        row_rule: rowRule,
        segment_apply: segmentApply,
      }
      : { segment_store: segmentStore }),
  });
}

function termFiles(terms: Terms): Record<string, string> {
  return {
    ...(terms.values ? { segment_value: segmentValue } : { segment_unit: segmentUnit }),
    ...embeddingFile(terms),
    ...(terms.d_linear ? { segment_linear: segmentLinear } : { segment_linear_none: segmentLinearNone }),
    ...fmFile(terms),
  };
}

function embeddingFile({ d_embedding, d_more }: Terms): Record<string, string> {
  if (d_more) return { segment_embedding_pair: segmentEmbeddingPair };
  return d_embedding ? { segment_embedding: segmentEmbedding } : { segment_embedding_none: segmentEmbeddingNone };
}

function fmFile(terms: Terms): Record<string, string> {
  if (terms.fm_terms) return { segment_fm_packed: segmentFmPacked };
  return terms.d_fm ? { segment_fm: segmentFm } : { segment_fm_none: segmentFmNone };
}
