/**
 * Tracing: a definition becomes a graph whose batch is cut from the data set on the device.
 *
 * @module
 */
import type { FittedSchema } from "./data/fitted_schema.ts";
import { headsOf } from "./data/survival.ts";
import type { Definition, Logits } from "./definition.ts";
import type { FeedOptions } from "./feed.ts";
import { Graph, type Mode } from "./graph/graph.ts";
import type { Declarations } from "./graph/parameter.ts";
import { rewrite } from "./graph/rewrite.ts";
import { Tensor } from "./graph/tensor.ts";
import { zeros } from "./initializer.ts";
import { headLogits } from "./model/heads.ts";
import type { Field, InputHead, InputHistory, InputSequence } from "./layers/input.ts";
import { cutBatch } from "./ops/embedding/batch.ts";
import { dropFields } from "./ops/embedding/field_dropout.ts";
import { cutHistory } from "./ops/embedding/history.ts";
import { rewrites } from "./ops/rewrites.ts";
import { concat } from "./ops/shape/concat.ts";
import { requireLogits } from "./ops/train/logits.ts";

/** A sequence of a data set, as far as a model depends on it. */
export interface SequenceSpace extends Omit<InputSequence, "combiner"> {
  /** The feature as declared. */
  readonly feature: Pick<InputSequence, "combiner">;
}

/** Sequences of one length in each row. */
export interface HistorySpace {
  /** Name of the first sequence. */
  readonly name: string;
  /** The sequences. */
  readonly sequences: readonly SequenceSpace[];
  /** Most values of a row. */
  readonly maxLength: number;
  /** Whether values have weights. */
  readonly weighted: boolean;
}

/** The fields of a data set, as far as a model depends on them. */
export interface FieldSpace {
  /** The fields in order. */
  readonly fields: readonly Field[];
  /** Rows of all fields together. */
  readonly rowCount: number;
  /** Whether some values differ from 1. */
  readonly hasValues: boolean;
  /** The sequences, by group. @default {none} */
  readonly histories?: readonly HistorySpace[];
  /** Names of the tasks, one for each label or interval. @default {["label"]} */
  readonly tasks?: readonly string[];
  /** Whether rows have weights of their own; those of times have. @default {false} */
  readonly weighted?: boolean;
  /** Whether the one label is a number to predict. @default {false} */
  readonly real?: boolean;
  /** Groups of intervals, where labels are times; the tasks are the intervals of all of them. */
  readonly heads?: readonly InputHead[];
}

/** Returns what a model depends on of a schema. */
export function spaceOf(schema: FittedSchema): FieldSpace {
  const { fields, rowCount, hasValues, histories, tasks, weight, survival, real } = schema;
  const heads = survival && headsOf(survival).map(({ name, ends }) => ({ name, intervals: ends.length - 1 }));
  const weighted = weight !== undefined;
  const kind = { ...(weighted && { weighted }), ...(heads && { heads }), ...(real && { real }) };
  return { fields, rowCount, hasValues, histories, tasks, ...kind };
}

/** Labels of a row on the device: one for each task, and its weight behind them where it has one. */
function labelsOf({ tasks, heads, weighted }: FieldSpace): number {
  return (tasks?.length ?? 1) + (heads || weighted ? 1 : 0);
}

/** Returns the sizes of what a space's rows hold. */
export function feedSizes(
  space: FieldSpace,
): Pick<FeedOptions, "fields" | "hasValues" | "histories" | "tasks"> {
  const { fields, hasValues, histories = [] } = space;
  return {
    fields: fields.length,
    hasValues,
    tasks: labelsOf(space),
    histories: histories.map(({ name, sequences, maxLength, weighted }) => ({
      ...{ name, maxLength, weighted },
      members: sequences.length,
    })),
  };
}

/** A traced and rewritten model. */
export interface Trace {
  /** Logits `[B, T]`, in the order of the tasks. */
  readonly logits: Tensor;
  /** Labels and the row's weight, `[T + 1, B]`; where labels are times, `[T + 2, B]` with whether the row is one at the end. */
  readonly targets: Tensor;
  /** Row numbers `[F, B]`. */
  readonly ids: Tensor;
}

/** What training does to a batch before a model sees it. */
export interface BatchNoise {
  /** Share of the occurrences that the rows of the input `data.substitutes` replace. @default {0} */
  readonly unseenShare?: number;
  /** Probability that a field of a row is dropped. @default {0} */
  readonly fieldDropout?: number;
}

/** Returns the names of the sequences that only a model which reads histories takes notice of. */
export function sequencesInOrder({ histories = [] }: Pick<FieldSpace, "histories">): string[] {
  return histories.flatMap(({ sequences }) =>
    sequences.filter(({ feature }) => !feature.combiner).map(({ name }) => name)
  );
}

/**
 * Traces a model over batches of a data set of `capacity` rows and applies the rewrites.
 *
 * @param noise what training does to the batch
 * @throws {TypeError} when the model's output is not `[B, 1]` for each task
 * @throws {RangeError} when the model reads histories, and there are none
 */
export function traceModel(
  definition: Definition,
  mode: Mode,
  declarations: Declarations,
  space: FieldSpace,
  capacity: number,
  noise: BatchNoise = {},
): Trace {
  const traced = buildModel(definition, mode, declarations, space, capacity, noise);
  const [logits, targets, ids] = rewrite([traced.logits, traced.targets, traced.ids], rewrites);
  return { logits, targets, ids };
}

/** Traces a model as {@linkcode traceModel} does, and leaves the ops as its layers apply them. */
export function buildModel(
  definition: Definition,
  mode: Mode,
  declarations: Declarations,
  space: FieldSpace,
  capacity: number,
  { unseenShare = 0, fieldDropout = 0 }: BatchNoise = {},
): Trace {
  if (definition.readsHistories && sequencesInOrder(space).length === 0) {
    throw new RangeError(
      `Cannot build ${definition.name}: the schema must have a sequence without a combiner, received none`,
    );
  }
  const graph = new Graph(mode, declarations);
  const fields = space.fields.length;
  const { tasks = ["label"], heads, real } = space;
  const batch = cutBatch(
    {
      ids: graph.input("data.ids", [fields, capacity], "u32"),
      values: space.hasValues ? graph.input("data.values", [fields, capacity]) : undefined,
      labels: graph.input("data.labels", [labelsOf(space), capacity]),
      order: graph.input("data.order", [capacity], "u32"),
      weighted: space.weighted,
    },
    fields,
    capacity,
    unseenShare > 0 ? { rows: graph.input("data.substitutes", [fields, 2], "u32"), share: unseenShare } : undefined,
  );
  const output = definition.build({
    graph,
    ids: batch.ids,
    values: fieldDropout > 0 ? dropFields(batch.ids, batch.values, fieldDropout) : batch.values,
    fields: [...space.fields, ...pooledFields(space)],
    histories: (space.histories ?? []).map((history) => cutHistoryOf(graph, history, capacity)),
    rowCount: space.rowCount,
    tasks,
    // Terms of the loss are about the probability of a label, which times and numbers are not.
    targets: mode === "train" && !heads && !real ? batch.targets : undefined,
    ...(heads && { heads }),
  });
  if (tasks.length > 1 && !heads) logVariances(graph, tasks.length);
  const logits = heads
    ? concat(...headLogits(definition.name, output, heads, tasks))
    : packLogits(definition.name, output, tasks);
  return { logits, targets: batch.targets, ids: batch.ids };
}

/** Declares the logarithms of the variances of `count` tasks, from which training can learn the weights of their losses. */
export function logVariances(graph: Graph, count: number): Tensor {
  return graph.parameter("task_log_variances", [count], zeros(), "none");
}

/** Puts the logits of the tasks side by side. */
function packLogits(model: string, output: Logits, tasks: readonly string[]): Tensor {
  const isOne = output instanceof Tensor;
  if (isOne && tasks.length > 1) {
    throw new TypeError(
      `Cannot build ${model}: labels ${tasks.join(", ")} need logits for each, received one tensor; take a model of ` +
        "several tasks, such as mmoe",
    );
  }
  if (!isOne && Object.keys(output).sort().join() !== [...tasks].sort().join()) {
    throw new TypeError(
      `Cannot build ${model}: logits must be of the tasks ${tasks.join(", ")}, received ${
        Object.keys(output).join(", ") || "none"
      }`,
    );
  }
  const parts = isOne ? [output] : tasks.map((task) => output[task]);
  requireLogits(model, parts);
  return concat(...parts);
}

function pooledFields({ histories = [] }: FieldSpace): Field[] {
  return histories.flatMap(({ sequences: [{ name, rows, offset, feature }] }) =>
    feature.combiner ? [{ name, rows, offset, kind: "categorical" as const }] : []
  );
}

function cutHistoryOf(
  graph: Graph,
  { name, sequences, maxLength, weighted }: HistorySpace,
  capacity: number,
): InputHistory {
  const members = sequences.length;
  const most = maxLength * capacity;
  const cut = cutHistory(
    {
      offsets: graph.input(`data.${name}.offsets`, [capacity + 1], "u32"),
      ids: graph.input(`data.${name}.ids`, [most, members], "u32"),
      values: weighted ? graph.input(`data.${name}.weights`, [most]) : undefined,
      order: graph.input("data.order", [capacity], "u32"),
    },
    maxLength,
    members,
  );
  const described = sequences.map(({ name, rows, offset, target, feature: { combiner } }) => ({
    ...{ name, rows, offset },
    ...(target !== undefined && { target }),
    ...(combiner && { combiner }),
  }));
  return { name, sequences: described, places: maxLength, ...cut };
}
