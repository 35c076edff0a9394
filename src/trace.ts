/**
 * Tracing: a definition becomes a graph whose batch is cut from the data set on the device.
 *
 * @module
 */
import type { Definition } from "./definition.ts";
import { Graph, type Mode } from "./graph/graph.ts";
import type { Declarations } from "./graph/parameter.ts";
import { rewrite } from "./graph/rewrite.ts";
import { formatShape, type Tensor } from "./graph/tensor.ts";
import type { Field } from "./layers/input.ts";
import { cutBatch } from "./ops/embedding/batch.ts";
import { rewrites } from "./ops/rewrites.ts";

/** The fields of a data set, as far as a model depends on them. */
export interface FieldSpace {
  /** The fields in order. */
  readonly fields: readonly Field[];
  /** Rows of all fields together. */
  readonly rowCount: number;
  /** Whether some values differ from 1. */
  readonly hasValues: boolean;
}

/** A traced and rewritten model. */
export interface Trace {
  /** Logits `[B, 1]`. */
  readonly logits: Tensor;
  /** Labels `[B]`. */
  readonly labels: Tensor;
  /** Row numbers `[F, B]`. */
  readonly ids: Tensor;
}

/**
 * Traces a model over batches of a data set of `capacity` rows and applies the rewrites.
 *
 * @param unseenShare share of the occurrences that the rows of the input `data.substitutes` replace
 * @throws {TypeError} when the model's output is not `[B, 1]`
 */
export function traceModel(
  definition: Definition,
  mode: Mode,
  declarations: Declarations,
  space: FieldSpace,
  capacity: number,
  unseenShare = 0,
): Trace {
  const graph = new Graph(mode, declarations);
  const fields = space.fields.length;
  const batch = cutBatch(
    {
      ids: graph.input("data.ids", [fields, capacity], "u32"),
      values: space.hasValues ? graph.input("data.values", [fields, capacity]) : undefined,
      labels: graph.input("data.labels", [capacity]),
      order: graph.input("data.order", [capacity], "u32"),
    },
    fields,
    capacity,
    unseenShare > 0 ? { rows: graph.input("data.substitutes", [fields, 2], "u32"), share: unseenShare } : undefined,
  );
  const logits = definition.build({
    graph,
    ids: batch.ids,
    values: batch.values,
    fields: space.fields,
    rowCount: space.rowCount,
  });
  if (logits.shape.join() !== "B,1") {
    throw new TypeError(
      `Cannot build ${definition.name}: logits must have shape [B, 1], received ${formatShape(logits.shape)}`,
    );
  }
  const [newLogits, labels, ids] = rewrite([logits, batch.labels, batch.ids], rewrites);
  return { logits: newLogits, labels, ids };
}
