/**
 * The training step: forward, loss, backward, sort and updates as one plan.
 *
 * @module
 */
import type { Feed } from "../feed.ts";
import type { Gpu } from "../gpu/device.ts";
import type { BufferRange } from "../gpu/kernel.ts";
import { differentiate, type Gradients, type TableGradient } from "../graph/autodiff.ts";
import { ownerOf } from "../graph/memory.ts";
import type { Parameter, Table } from "../graph/parameter.ts";
import { Plan } from "../graph/plan.ts";
import { Tensor } from "../graph/tensor.ts";
import type { ModelParts } from "../model/parts.ts";
import { type AnyOptimizer, ruleOf, rulesOf } from "../optimizer/parts.ts";
import type { LossFunction } from "../losses.ts";
import { copy, sum } from "../ops/dense/add.ts";
import { isSelection } from "../ops/embedding/select_fields.ts";
import { clipScale } from "../ops/train/clip.ts";
import { updateDense } from "../ops/train/dense_update.ts";
import { joinedBefore, joinLookups } from "../ops/train/join_lookups.ts";
import { sortOccurrences } from "../ops/train/sort.ts";
import { updateTables } from "../ops/train/table_pair.ts";
import { reduceTable, updateTable } from "../ops/train/table_update.ts";
import type { L1, L2, Store } from "../store.ts";
import { traceModel } from "../trace.ts";
import { lossOf, type PlacedWeights, TASK_WEIGHTS } from "./tasks.ts";
import type { UnseenRows } from "./unseen.ts";

/** What a training step is compiled from. */
export interface TrainingOptions extends ModelParts {
  readonly feed: Feed;
  /** Rows of a batch. */
  readonly batch: number;
  readonly optimizer: AnyOptimizer;
  readonly l2: L2;
  /** Tables whose rows have coupled L2 of their own. @default {none} */
  readonly withStrengths?: readonly Table[];
  /** Largest norm of the gradient; unlimited when absent. */
  readonly clipNorm: number | undefined;
  /** Place of the ring of losses. */
  readonly losses: BufferRange;
  /** Weights of the tasks' losses; the loss is their sum when absent. */
  readonly taskWeights?: PlacedWeights;
  /** The loss of a label; binary cross-entropy when absent. */
  readonly loss?: LossFunction;
  /** Place of occurrences sorted on the host; they are sorted on the device when absent. */
  readonly pairs: BufferRange | undefined;
  /** What replaces a share of the occurrences; none are replaced when absent. */
  readonly unseen: UnseenRows | undefined;
  /** Probability that a field of a row is dropped. @default {0} */
  readonly fieldDropout?: number;
  /** Strengths of L1. @default none */
  readonly l1?: L1;
  /** Largest number of the gradient; unlimited when absent. */
  readonly clipValue?: number;
  /** Names of the kernels' variants that a training to resume ran; those that suit the device when absent. */
  readonly kernels?: Readonly<Record<string, string>>;
}

/**
 * Compiles the training step of a model.
 *
 * @throws {GpuError} when a shader does not compile or a limit of the device is passed
 */
export function compileTraining(gpu: Gpu, options: TrainingOptions): Promise<Plan> {
  const { definition, declarations, space, store, feed, batch, unseen } = options;
  const trace = traceModel(definition, "train", declarations, space, feed.capacity, {
    unseenShare: unseen?.share,
    fieldDropout: options.fieldDropout,
  });
  const { logits, ids } = trace;
  const { graph } = logits;
  const { loss, from, dLogits, dLogVariances, logVariances } = lossOf(trace, space, options);
  const gradients = differentiate(from, dLogits, sum);
  if (dLogVariances) gradients.parameters.set(parameterOf(logVariances!), dLogVariances);
  const pairs = options.pairs
    ? graph.input("pairs", [2 * space.fields.length, "B"], "u32")
    : sortOccurrences(ids, space.rowCount, Math.max(...space.fields.map(({ rows }) => rows)));
  const pinned = pinGradients(gradients, store);
  updateAll(gradients, [...pinned.keys()], pairsBy(ids, pairs), options);
  const { taskWeights } = options;
  const inputs = {
    ...feed.inputs,
    ...unseen?.inputs,
    ...(options.pairs && { pairs: options.pairs }),
    ...(taskWeights && taskWeights !== "uncertainty" && { [TASK_WEIGHTS]: taskWeights }),
  };
  const { kernels } = options;
  const name = `${definition.name}.train`;
  return Plan.create(gpu, { name, batch, outputs: [loss], storage: store, inputs, pinned, kernels });
}

/** Returns the sorted occurrences of a lookup; ids other than the batch's own, like those of a few fields, are sorted. */
function pairsBy(ids: Tensor, pairs: Tensor): (gradient: TableGradient, table: Table) => Tensor {
  const known = new Map([[ids, pairs]]);
  return (gradient, table) => {
    let sorted = known.get(gradient.ids);
    if (!sorted) {
      known.set(gradient.ids, sorted = sortOccurrences(gradient.ids, table.rows, fieldRowsOf(gradient, table)));
    }
    return sorted;
  };
}

/** Returns the rows of the largest field where the rows of fields that were picked follow each other as the fields do. */
function fieldRowsOf({ ids }: TableGradient, { spans }: Table): number | undefined {
  const areInOrder = isSelection(ids) && spans.length === ids.shape[0];
  return areInOrder ? Math.max(...spans.map(({ rows }) => rows)) : undefined;
}

/** Gives each dense gradient its place in the flat gradient buffer. */
function pinGradients(gradients: Gradients, store: Store): Map<Tensor, BufferRange> {
  const pinned = new Map<Tensor, BufferRange>();
  const owners = new Set([...gradients.parameters.values()].map(ownerOf));
  // A kernel cannot read one place of the buffer and write another one.
  const leadsToAnother = (owner: Tensor): boolean =>
    owner.graph.nodes.some(({ op, inputs, outputs }) =>
      !op.alias && inputs.some((input) => ownerOf(input) === owner) && outputs.some((output) => owners.has(output))
    );
  for (const [parameter, gradient] of gradients.parameters) {
    const owner = ownerOf(gradient);
    const place = owner.node && !pinned.has(owner) && !leadsToAnother(owner) ? owner : copy(gradient);
    pinned.set(place, store.gradient(parameter));
  }
  return pinned;
}

function updateAll(
  gradients: Gradients,
  dense: readonly Tensor[],
  pairsOf: (gradient: TableGradient, table: Table) => Tensor,
  { store, optimizer, l2, l1 = {}, clipNorm, clipValue, withStrengths = [] }: TrainingOptions,
): void {
  const rules = rulesOf(optimizer);
  const joined = joinedBefore(gradients.tables.values());
  const tables = [...gradients.tables].map(([table, lookups]) => {
    const gradient = joinLookups(table, lookups, joined);
    const pairs = pairsOf(gradient, table);
    const strengths = { l2: l2.embedding ?? 0, rowL2: (l2.byCount ?? 0) > 0, l1: l1.embedding ?? 0 };
    const rule = { ...ruleOf(rules, table), ...strengths, rowStrength: withStrengths.includes(table), clipValue };
    return { leaf: leafOf(pairs, table), gradient, pairs, rule };
  });
  const { network } = rules;
  const flat = {
    parameters: store.buffer("parameters"),
    gradient: store.buffer("gradient"),
    slots: Array.from({ length: network.slots }, (_, i) => store.buffer(`parameters.${i + 1}`)),
    l2: store.regularizers(l2),
    l1: (l1.net ?? 0) > 0 || (l1.embedding ?? 0) > 0 ? store.shrinkage(l1) : undefined,
    layers: network.byLayer && dense.length > 0 ? store.layers() : undefined,
    clipValue,
    count: store.count,
  };
  if (clipNorm === undefined) {
    updateTables(tables);
    if (dense.length > 0) updateDense(dense, { ...flat, optimizer: network });
    return;
  }
  const reduced = tables.map(({ leaf, gradient, pairs, rule }) => reduceTable(leaf, gradient, pairs, rule));
  const clip = clipScale(clipNorm, reduced, dense.length > 0 ? { ...flat, gradients: dense } : undefined);
  tables.forEach(({ leaf, gradient, pairs, rule }, i) => {
    updateTable(leaf, gradient, pairs, { ...rule, clip, reduced: reduced[i] });
  });
  if (dense.length > 0) updateDense(dense, { ...flat, optimizer: network, clip });
}

function parameterOf({ origin }: Tensor): Parameter {
  if (origin.kind === "parameter") return origin.parameter;
  throw new TypeError(`Cannot train: log-variances must be a parameter, received a ${origin.kind}`);
}

function leafOf(other: Tensor, table: Table): Tensor {
  return new Tensor(other.graph, [table.rows, table.dim], { kind: "table", table });
}
