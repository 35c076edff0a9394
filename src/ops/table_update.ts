/**
 * Updates of embedding tables: the segment reduction of their gradients with the optimiser's rule.
 *
 * @module
 */
import clipScale from "../../shaders/clip_scale.wgsl" with { type: "text" };
import clipScaleNone from "../../shaders/clip_scale_none.wgsl" with { type: "text" };
import grid from "../../shaders/grid.wgsl" with { type: "text" };
import rule from "../../shaders/optimizer.wgsl" with { type: "text" };
import rowRule from "../../shaders/row_rule.wgsl" with { type: "text" };
import segmentApply from "../../shaders/segment_apply.wgsl" with { type: "text" };
import segmentEmbedding from "../../shaders/segment_embedding.wgsl" with { type: "text" };
import segmentEmbeddingNone from "../../shaders/segment_embedding_none.wgsl" with { type: "text" };
import segmentFm from "../../shaders/segment_fm.wgsl" with { type: "text" };
import segmentFmNone from "../../shaders/segment_fm_none.wgsl" with { type: "text" };
import segmentLinear from "../../shaders/segment_linear.wgsl" with { type: "text" };
import segmentLinearNone from "../../shaders/segment_linear_none.wgsl" with { type: "text" };
import segmentReduce from "../../shaders/segment_reduce.wgsl" with { type: "text" };
import segmentStore from "../../shaders/segment_store.wgsl" with { type: "text" };
import segmentUnit from "../../shaders/segment_unit.wgsl" with { type: "text" };
import segmentValue from "../../shaders/segment_value.wgsl" with { type: "text" };
import stateNone from "../../shaders/state_none.wgsl" with { type: "text" };
import stateOne from "../../shaders/state_one.wgsl" with { type: "text" };
import stateRow from "../../shaders/state_row.wgsl" with { type: "text" };
import stateTwo from "../../shaders/state_two.wgsl" with { type: "text" };
import step from "../../shaders/step.wgsl" with { type: "text" };
import tableUpdate from "../../shaders/table_update.wgsl" with { type: "text" };
import type { BufferRange } from "../gpu/kernel.ts";
import { type Constants, type Shader, shader } from "../gpu/shader.ts";
import type { TableGradient } from "../graph/autodiff.ts";
import { applyAll, type Emitter, type Node, type Op, tableOf, type TableShard } from "../graph/node.ts";
import type { Table } from "../graph/parameter.ts";
import { formatShape, type Tensor } from "../graph/tensor.ts";
import { type Optimizer, tableSlots } from "../optimizer.ts";
import { lanesOf } from "./lane.ts";

/** Sorted positions that one worker sums: few workers do for a processor's cores, a GPU needs many to hide latency. */
const SOFTWARE_CHUNK = 32;
const GPU_CHUNK = 16;

/** Lanes of a row that one invocation holds at most where loads are dear. */
const SOFTWARE_SPAN = 8;

/** Shader files of the optimiser's rule over `slots` numbers of state per weight, or some per row. */
export function ruleFiles(slots: number, perRow: boolean, clipped: boolean): Record<string, string> {
  const state: Record<string, string> = perRow
    ? { state_row: stateRow }
    : slots === 2
    ? { state_two: stateTwo }
    : slots === 1
    ? { state_one: stateOne }
    : { state_none: stateNone };
  const clip: Record<string, string> = clipped ? { clip_scale: clipScale } : { clip_scale_none: clipScaleNone };
  return { optimizer: rule, ...state, ...clip };
}

/** Number of the rule that tables have under an optimiser; dense parameters have `optimizer.rule`. */
function tableRule(optimizer: Optimizer): number {
  if (optimizer.rowSlots > 0) return 2;
  return optimizer.name === "adam" && optimizer.embeddingUpdate === "lazy" ? 4 : optimizer.rule;
}

/** What the update of a table is specialised by. */
interface Attributes {
  readonly table: Table;
  readonly optimizer: Optimizer;
  readonly l2: number;
  readonly fields: number;
  /** Names of the node's inputs, in order. */
  readonly names: readonly string[];
}

/** Sums of a table's gradients by row, waiting for the norm of all gradients before they are applied. */
export interface ReducedTable {
  /** The table. */
  readonly table: Table;
  /** Sums at the position where each row's run starts; absent in dense mode, where the table's last slot holds them. */
  readonly sums?: Tensor;
  /** Occurrences sorted by row. */
  readonly pairs: Tensor;
  /** Fields of the lookup. */
  readonly fields: number;
  /** Coupled L2. */
  readonly l2: number;
  /** Slot of the sums by row, in dense mode. */
  readonly slot: number;
}

/** Options of {@linkcode updateTable}. */
export interface TableUpdateOptions {
  /** The rule; its `embeddingUpdate` tells whether rows absent from the batch are updated. */
  readonly optimizer: Optimizer;
  /** Coupled L2: l2 w is added to the gradient of each updated row, once. */
  readonly l2: number;
  /** Factor `[1]` for gradients, from `clipScale`; needs `reduced`. */
  readonly clip?: Tensor;
  /** What {@linkcode reduceTable} returned, where gradients are clipped. */
  readonly reduced?: ReducedTable;
}

/**
 * Updates a table in place by the optimiser's rule from the gradients of all occurrences, summed by row.
 *
 * @param table the table `[rows, D]`
 * @param gradient terms of the gradient by occurrence
 * @param pairs occurrences sorted by row: pairs (row, f B + b), valid ones first
 * @throws {TypeError} when `clip` is given without `reduced`
 */
export function updateTable(
  table: Tensor,
  gradient: TableGradient,
  pairs: Tensor,
  options: TableUpdateOptions,
): void {
  const { clip, reduced } = options;
  if (clip && !reduced) {
    throw new TypeError(`Cannot update table "${tableOf(table).name}": a clipped update needs the reduced gradient`);
  }
  if (!clip) {
    const { inputs, attributes } = reduction(table, gradient, pairs, options);
    applyAll(options.optimizer.embeddingUpdate === "dense" ? sweepReducedOp : updateOp, inputs, attributes);
    return;
  }
  const given = { clip, sums: reduced!.sums, pairs };
  const { names, inputs } = present(given);
  const attributes = { ...attributesOf(table, gradient, options), names: ["table", ...names] };
  applyAll(reduced!.sums ? touchedOp : sweepOp, [table, ...inputs], attributes);
}

/** Sums a table's gradients by row without applying them, so that the norm of all gradients can be taken first. */
export function reduceTable(
  table: Tensor,
  gradient: TableGradient,
  pairs: Tensor,
  options: { readonly optimizer: Optimizer; readonly l2: number },
): ReducedTable {
  const { inputs, attributes } = reduction(table, gradient, pairs, options);
  const { l2, fields } = attributes;
  const dense = options.optimizer.embeddingUpdate === "dense";
  const outputs = applyAll(dense ? reduceByRowOp : reduceOp, inputs, attributes);
  const slot = tableSlots(options.optimizer).length;
  return { table: tableOf(table), sums: dense ? undefined : outputs[1], pairs, fields, l2, slot };
}

function reduction(
  table: Tensor,
  gradient: TableGradient,
  pairs: Tensor,
  options: { readonly optimizer: Optimizer; readonly l2: number },
): { inputs: Tensor[]; attributes: Attributes } {
  const { values, dEmbedding, dLinear, dFm, fmSum } = gradient;
  const attributes = attributesOf(table, gradient, options);
  if (!dFm !== !fmSum) {
    throw new TypeError(
      `Cannot update table "${attributes.table.name}": the FM term needs both its gradient and the sum over fields`,
    );
  }
  const { dim } = attributes.table;
  if (dLinear && dim !== 1) {
    throw new TypeError(
      `Cannot update table "${attributes.table.name}": a sum over fields needs width 1, received ${dim}`,
    );
  }
  checkShape(attributes, "dEmbedding", dEmbedding, ["B", attributes.fields, dim]);
  checkShape(attributes, "fmSum", fmSum, ["B", dim]);
  const { names, inputs } = present({
    pairs,
    values,
    d_embedding: dEmbedding,
    d_linear: dLinear,
    d_fm: dFm,
    fm_sum: fmSum,
  });
  return { inputs: [table, ...inputs], attributes: { ...attributes, names: ["table", ...names] } };
}

function attributesOf(
  table: Tensor,
  { ids }: TableGradient,
  { optimizer, l2 }: { readonly optimizer: Optimizer; readonly l2: number },
): Attributes {
  return { table: tableOf(table), optimizer, l2, fields: Number(ids.shape[0]), names: [] };
}

function checkShape(
  { table }: Attributes,
  name: string,
  tensor: Tensor | undefined,
  shape: readonly (number | "B")[],
): void {
  if (!tensor || tensor.shape.join() === shape.join()) return;
  throw new TypeError(
    `Cannot update table "${table.name}": ${name} must have shape ${formatShape(shape)}, received ${
      formatShape(tensor.shape)
    }`,
  );
}

function present(tensors: Record<string, Tensor | undefined>): { names: string[]; inputs: Tensor[] } {
  const entries = Object.entries(tensors).filter((entry): entry is [string, Tensor] => entry[1] !== undefined);
  return { names: entries.map(([name]) => name), inputs: entries.map(([, tensor]) => tensor) };
}

/** Size per row of the batch that `carry` needs: two pieces of D for each chunk of the smaller size, and one chunk over. */
function carryShape({ table, fields }: Attributes): readonly ["B", number] {
  return ["B", 2 * table.dim * Math.ceil(fields / GPU_CHUNK + 1)];
}

const updateOp: Op<Attributes> = {
  name: "update_table",
  effect: true,
  outputs: (_, attributes) => [carryShape(attributes)],
  emit: (k, node) => emitReduction(k, node, "apply"),
};

const sweepReducedOp: Op<Attributes> = {
  name: "update_table",
  effect: true,
  outputs: (_, attributes) => [carryShape(attributes)],
  emit: (k, node) => {
    emitReduction(k, node, "row");
    emitUpdate(k, node, "sweep");
  },
};

const reduceOp: Op<Attributes> = {
  name: "reduce_table",
  outputs: (_, attributes) => [carryShape(attributes), ["B", attributes.fields * attributes.table.dim]],
  emit: (k, node) => emitReduction(k, node, "position"),
};

const reduceByRowOp: Op<Attributes> = {
  name: "reduce_table",
  effect: true,
  outputs: (_, attributes) => [carryShape(attributes)],
  emit: (k, node) => emitReduction(k, node, "row"),
};

const touchedOp: Op<Attributes> = {
  name: "update_table",
  effect: true,
  outputs: () => [],
  emit: (k, node) => emitUpdate(k, node, "touched"),
};

const sweepOp: Op<Attributes> = {
  name: "update_table",
  effect: true,
  outputs: () => [],
  emit: (k, node) => emitUpdate(k, node, "sweep"),
};

/** Where the sum of a run goes: through the rule, to its row in the table's last slot, or to its first position. */
type Sink = "apply" | "row" | "position";

function emitReduction(k: Emitter, node: Node<Attributes>, sink: Sink): void {
  const { table, fields, l2 } = node.attributes;
  const { table: _, ...terms } = inputsByName(node);
  const { width, count: lanes } = lanesOf(table.dim);
  const applies = sink === "apply";
  const span = spanOf(k, node.attributes, applies);
  const chunk = k.gpu.adapter.software ? SOFTWARE_CHUNK : GPU_CHUNK;
  const constants = {
    CHUNK: chunk,
    BATCH: k.batch,
    FIELDS: fields,
    LANES: lanes,
    STRIDE: table.stride / width,
    SPAN: span,
    ...(applies ? ruleConstants(node.attributes) : { BY_ROW: sink === "row" }),
  };
  const groups = Math.ceil(Math.ceil(fields * k.batch / chunk) * (lanes / span) / 64);
  const needsWeights = applies || terms.d_fm !== undefined;
  for (const entry of ["reduce", "finish"]) {
    const reads = entry === "reduce" ? terms : { pairs: terms.pairs };
    shardsOf(k, table).forEach(({ first, rows, range }, i) =>
      k.run({
        shader: reductionShader(node.attributes, terms, applies),
        entry,
        bind: {
          ...reads,
          weights: (entry === "reduce" ? needsWeights : applies) ? range : undefined,
          carry: node.outputs[0],
          ...(applies ? stateRanges(k, node.attributes, i) : { reduced: sumsRange(k, node, sink, i) }),
        },
        constants,
        params: { first, rows, l2 },
        grid: groups,
      })
    );
  }
}

function sumsRange(k: Emitter, node: Node<Attributes>, sink: Sink, shard: number): Tensor | BufferRange {
  if (sink === "position") return node.outputs[1];
  const { table, optimizer } = node.attributes;
  return k.shards(table, tableSlots(optimizer).length)[shard].range;
}

function emitUpdate(k: Emitter, node: Node<Attributes>, entry: "touched" | "sweep"): void {
  const { table, fields, l2, optimizer } = node.attributes;
  const { clip, pairs, sums } = inputsByName(node);
  const { width, count: lanes, part } = lanesOf(table.dim);
  const span = spanOf(k, node.attributes, true);
  const touched = entry === "touched";
  shardsOf(k, table).forEach(({ first, rows, range }, i) =>
    k.run({
      shader: shader("table_update", {
        grid,
        step,
        ...part,
        ...ruleFiles(optimizer.slots, optimizer.rowSlots > 0, clip !== undefined),
        row_rule: rowRule,
        table_update: tableUpdate,
      }),
      entry,
      bind: {
        pairs: touched ? pairs : undefined,
        weights: range,
        reduced: touched ? sums : k.shards(table, tableSlots(optimizer).length)[i].range,
        clip,
        ...stateRanges(k, node.attributes, i),
      },
      constants: {
        FIELDS: fields,
        LANES: lanes,
        STRIDE: table.stride / width,
        SPAN: span,
        ...ruleConstants(node.attributes),
      },
      params: { first, rows, l2 },
      grid: Math.ceil((touched ? fields * k.batch : rows) * (lanes / span) / 64),
    })
  );
}

/** Returns a node's inputs by the names that its attributes give them; a rewritten trace has other tensors. */
function inputsByName({ inputs, attributes }: Node<Attributes>): Record<string, Tensor | undefined> {
  return Object.fromEntries(inputs.map((tensor, i) => [attributes.names[i], tensor]));
}

function reductionShader(
  { table, optimizer }: Attributes,
  terms: Record<string, Tensor | undefined>,
  applies: boolean,
): Shader {
  const sink: Record<string, string> = applies
    ? {
      ...ruleFiles(optimizer.slots, optimizer.rowSlots > 0, false),
      row_rule: rowRule,
      segment_apply: segmentApply,
    }
    : { segment_store: segmentStore };
  return shader("segment_reduce", {
    grid,
    step,
    ...lanesOf(table.dim).part,
    segment_reduce: segmentReduce,
    ...(terms.values ? { segment_value: segmentValue } : { segment_unit: segmentUnit }),
    ...(terms.d_embedding ? { segment_embedding: segmentEmbedding } : { segment_embedding_none: segmentEmbeddingNone }),
    ...(terms.d_linear ? { segment_linear: segmentLinear } : { segment_linear_none: segmentLinearNone }),
    ...(terms.d_fm ? { segment_fm: segmentFm } : { segment_fm_none: segmentFmNone }),
    ...sink,
  });
}

function ruleConstants({ optimizer, table }: Attributes): Constants {
  return { ...optimizer.constants, RULE: tableRule(optimizer), WIDTH: table.dim };
}

function stateRanges(k: Emitter, { table, optimizer }: Attributes, shard: number): Record<string, BufferRange> {
  const count = tableSlots(optimizer).filter((slot) => slot.saved).length;
  const ranges: Record<string, BufferRange> = {};
  for (let i = 0; i < count; i++) ranges[`state${i}`] = k.shards(table, i + 1)[shard].range;
  return ranges;
}

function shardsOf(k: Emitter, table: Table): readonly TableShard[] {
  return k.shards(table, 0);
}

/** Lanes of a row that one invocation takes: all of them for a rule that needs the whole row. */
function spanOf(k: Emitter, { table, optimizer }: Attributes, applies: boolean): number {
  const { count: lanes } = lanesOf(table.dim);
  if (applies && optimizer.rowSlots > 0) return lanes;
  if (!k.gpu.adapter.software) return 1;
  let span = Math.min(lanes, SOFTWARE_SPAN);
  while (lanes % span > 0) span--;
  return span;
}
