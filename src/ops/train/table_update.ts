/**
 * Updates of embedding tables: the segment reduction of their gradients with the optimizer's rule.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import rowRule from "../../../shaders/train/row_rule.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import tableUpdate from "../../../shaders/train/table_update.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import type { TableGradient } from "../../graph/autodiff.ts";
import { applyAll, type Emitter, type Node, type Op, tableOf } from "../../graph/node.ts";
import type { Table } from "../../graph/parameter.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { type Optimizer, tableSlots } from "../../optimizer.ts";
import { emitKernel } from "../../kernels/set.ts";
import { gpuVariant, type Kernel, type Problem } from "../../kernels/variant.ts";
import { lanesOf } from "../shape/lane.ts";
import { gradientRange, rowStrengthFile, rowStrengthRange, ruleFiles, stateRanges, tableRule } from "./rule.ts";
import { canApply, emitReduction, inputsByName, spanOf, type TableAttributes } from "./segment_reduce.ts";

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
  /** The rule. */
  readonly optimizer: Optimizer;
  /** Whether each row has a coupled L2 of its own. */
  readonly rowStrength: boolean;
  /** Slot of the sums by row, in dense mode. */
  readonly slot: number;
}

/** How a table is updated. */
export interface TableRule {
  /** The rule; its `embeddingUpdate` tells whether rows absent from the batch are updated. */
  readonly optimizer: Optimizer;
  /** Place of its rate in a step. @default {0} */
  readonly place?: number;
  /** Coupled L2: l2 w is added to the gradient of each updated row, once. */
  readonly l2: number;
  /** Strength of L1, by which weights are drawn to 0 after the rule. @default {0} */
  readonly l1?: number;
  /** Largest number of the gradient; unlimited when absent. */
  readonly clipValue?: number;
  /**
   * Whether the table has a slot with a strength for each row: rowL2[row] w is added to the gradient of each row of the
   * batch, once, however often it occurs there. @default {false}
   */
  readonly rowL2?: boolean;
  /**
   * Whether the table has another slot with the coupled L2 of each row, in place of `l2`. A row whose number is negative is
   * frozen: it and its state stay as they are. @default {false}
   */
  readonly rowStrength?: boolean;
}

/** Options of {@linkcode updateTable}. */
export interface TableUpdateOptions extends TableRule {
  /** Factor `[1]` for gradients, from `clipScale`; needs `reduced`. */
  readonly clip?: Tensor;
  /** What {@linkcode reduceTable} returned, where gradients are clipped. */
  readonly reduced?: ReducedTable;
}

/**
 * Updates a table in place by the optimizer's rule from the gradients of all occurrences, summed by row.
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
  if (clip) return applyReduced(table, gradient, options, reduced!);
  const { inputs, attributes } = reductionOf(table, gradient, pairs, options);
  if (options.optimizer.embeddingUpdate === "dense") applyAll(sweepReducedOp, inputs, attributes);
  else if (canApply(attributes)) applyAll(updateOp, inputs, attributes);
  else applyReduced(table, gradient, options, reduceTable(table, gradient, pairs, options));
}

/** Updates a table from gradients that are summed already. */
function applyReduced(
  table: Tensor,
  gradient: TableGradient,
  options: TableUpdateOptions,
  { sums, pairs }: ReducedTable,
): void {
  const { names, inputs } = present({ clip: options.clip, sums, pairs });
  const attributes = { ...attributesOf(table, gradient, options), names: ["table", ...names] };
  applyAll(sums ? touchedOp : sweepOp, [table, ...inputs], attributes);
}

/** Sums a table's gradients by row without applying them, so that the norm of all gradients can be taken first. */
export function reduceTable(
  table: Tensor,
  gradient: TableGradient,
  pairs: Tensor,
  options: TableRule,
): ReducedTable {
  const { inputs, attributes } = reductionOf(table, gradient, pairs, options);
  const { l2, fields, optimizer, rowStrength } = attributes;
  const dense = options.optimizer.embeddingUpdate === "dense";
  const [sums] = applyAll(dense ? reduceByRowOp : reduceOp, inputs, attributes);
  const slot = tableSlots(optimizer).length;
  return { table: tableOf(table), sums, pairs, fields, l2, optimizer, rowStrength, slot };
}

/** Returns what a reduction of a table's gradients reads, and what it is specialized by. */
export function reductionOf(
  table: Tensor,
  gradient: TableGradient,
  pairs: Tensor,
  options: TableRule,
): { inputs: Tensor[]; attributes: TableAttributes } {
  const { values, dEmbedding, dMore, dLinear, dFm, fmSum } = gradient;
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
  const more = Number(dMore?.shape[1] ?? 0);
  checkShape(attributes, "dEmbedding", dEmbedding, ["B", attributes.fields - more, dim]);
  checkShape(attributes, "dMore", dMore, ["B", more, dim]);
  checkShape(attributes, "fmSum", fmSum, ["B", dim]);
  const { names, inputs } = present({
    pairs,
    values,
    d_embedding: dEmbedding,
    d_more: dMore,
    d_linear: dLinear,
    d_fm: dFm,
    fm_sum: fmSum,
  });
  return { inputs: [table, ...inputs], attributes: { ...attributes, names: ["table", ...names] } };
}

function attributesOf(
  table: Tensor,
  { ids }: TableGradient,
  { optimizer, place = 0, l2, l1 = 0, clipValue, rowL2 = false, rowStrength = false }: TableRule,
): TableAttributes {
  const fields = Number(ids.shape[0]);
  return { table: tableOf(table), optimizer, place, l2, l1, clipValue, rowL2, rowStrength, fields, names: [] };
}

function checkShape(
  { table }: TableAttributes,
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

const updateOp: Op<TableAttributes> = {
  name: "update_table",
  effect: true,
  outputs: () => [],
  emit: (k, node) => emitReduction(k, node, "apply"),
};

const sweepReducedOp: Op<TableAttributes> = {
  name: "update_table",
  effect: true,
  outputs: () => [],
  emit: (k, node) => {
    emitReduction(k, node, "row");
    emitUpdate(k, node, "sweep");
  },
};

const reduceOp: Op<TableAttributes> = {
  name: "reduce_table",
  outputs: (_, { fields, table }) => [["B", fields, table.dim]],
  emit: (k, node) => emitReduction(k, node, "position", node.outputs[0]),
};

const reduceByRowOp: Op<TableAttributes> = {
  name: "reduce_table",
  effect: true,
  outputs: () => [],
  emit: (k, node) => emitReduction(k, node, "row"),
};

const touchedOp: Op<TableAttributes> = {
  name: "update_table",
  effect: true,
  outputs: () => [],
  emit: (k, node) => emitUpdate(k, node, "touched"),
};

const sweepOp: Op<TableAttributes> = {
  name: "update_table",
  effect: true,
  outputs: () => [],
  emit: (k, node) => emitUpdate(k, node, "sweep"),
};

/** Applies the rule to rows whose gradients are summed already. */
export interface TableUpdate {
  readonly node: Node<TableAttributes>;
  /** Which rows: those of the batch, or all. */
  readonly entry: "touched" | "sweep";
}

/** Sizes that the choice of a kernel depends on. */
export interface TableUpdateProblem extends Problem {
  readonly rows: number;
  readonly dim: number;
}

/** Returns the numbers that are updated. */
export function tableUpdateSize({ rows, dim }: TableUpdateProblem): number {
  return rows * dim;
}

/** The update; on GPUs an invocation takes a lane of a row. */
export const tableUpdateKernel: Kernel<TableUpdate, TableUpdateProblem> = {
  name: "table_update",
  problem: ({ batch }, { node: { attributes: { table, fields } }, entry }) => ({
    rows: entry === "touched" ? fields * batch : table.rows,
    dim: table.dim,
  }),
  variants: [gpuVariant("gpu", tableUpdateSize, (k, task) => emitUpdates(k, task, 1))],
};

function emitUpdate(k: Emitter, node: Node<TableAttributes>, entry: "touched" | "sweep"): void {
  emitKernel(k, tableUpdateKernel, { node, entry });
}

/** Emits an update for each shard of the table, whose invocations take so many lanes of a row at most. */
export function emitUpdates(k: Emitter, { node, entry }: TableUpdate, most: number): void {
  const { attributes } = node;
  const { table, optimizer, fields, l2 } = attributes;
  const { clip, pairs, sums } = inputsByName(node);
  const { width, count: lanes, part } = lanesOf(table.dim);
  const span = spanOf(attributes, true, most);
  const touched = entry === "touched";
  k.shards(table, 0).forEach(({ first, rows, range }, i) =>
    k.run({
      shader: shader("table_update", {
        grid,
        step,
        ...part,
        ...ruleFiles(optimizer.slots, optimizer.rowSlots > 0, clip !== undefined),
        ...rowStrengthFile(attributes.rowStrength),
        row_rule: rowRule,
        table_update: tableUpdate,
      }),
      entry,
      bind: {
        pairs: touched ? pairs : undefined,
        weights: range,
        reduced: touched ? sums : gradientRange(k, table, optimizer, i),
        clip,
        ...stateRanges(k, table, optimizer, i),
        ...rowStrengthRange(k, attributes, i),
      },
      constants: {
        ...{ FIELDS: fields, LANES: lanes, STRIDE: table.stride / width, SPAN: span },
        ...tableRule(table, attributes),
      },
      params: { first, rows, l2 },
      grid: Math.ceil((touched ? fields * k.batch : rows) * (lanes / span) / 64),
    })
  );
}
