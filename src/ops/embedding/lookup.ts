/**
 * What all lookups of table rows share: checks, bindings and scalars.
 *
 * @module
 */
import row from "../../../shaders/embedding/embedding_row.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import type { Emitter, KernelCall, TableShard } from "../../graph/node.ts";
import type { Table } from "../../graph/parameter.ts";
import { formatShape, type Tensor } from "../../graph/tensor.ts";
import { lanesOf } from "../shape/lane.ts";
import { linearWeights, tableRows } from "./stored_rows.ts";

/**
 * Row numbers with their values.
 *
 * The host validates row numbers before it uploads them; to a kernel, one past the table is a row of zeros.
 */
export interface Lookup {
  /** Rows, `[F, B]`. */
  readonly ids: Tensor;
  /** Values, `[F, B]`; all are 1 when absent. */
  readonly values?: Tensor;
}

/** Options of {@linkcode lookupCall}. */
export interface LookupOptions {
  /** Name of the shader. */
  readonly name: string;
  /** Its files behind those that read rows. */
  readonly files: Readonly<Record<string, string>>;
  /** The table that the kernel reads. */
  readonly table: Table;
  /** The window of it that is bound. */
  readonly shard: TableShard;
  /** The window of first-order weights, where the kernel reads any. */
  readonly linear?: TableShard;
  /** Whether the kernel writes the rows that it reads. */
  readonly keepsRows: boolean;
}

/**
 * Returns the lookup's number of fields.
 *
 * @throws {TypeError} when a shape or an element type is not that of a lookup
 */
export function checkLookup(op: string, { ids, values }: Lookup): number {
  const [fields, batch] = ids.shape;
  if (ids.shape.length !== 2 || batch !== "B" || typeof fields !== "number" || ids.dtype !== "u32") {
    throw new TypeError(
      `Cannot build ${op}: ids must have shape [F, B] and type u32, received ${formatShape(ids.shape)} ${ids.dtype}`,
    );
  }
  if (values && (values.shape.join() !== ids.shape.join() || values.dtype !== "f32")) {
    throw new TypeError(
      `Cannot build ${op}: values must have shape ${formatShape(ids.shape)} and type f32, received ${
        formatShape(values.shape)
      } ${values.dtype}`,
    );
  }
  return fields;
}

/** Returns the parts of a call that concern the lookup: its shader, its buffers other than tables and results, and its sizes. */
export function lookupCall(
  k: Emitter,
  { ids, values }: Lookup,
  { name, files, table, shard, linear, keepsRows }: LookupOptions,
): Required<Pick<KernelCall, "shader" | "bind" | "constants" | "params">> {
  const lanes = lanesOf(table.dim);
  const rows = tableRows(table, shard);
  return {
    shader: shader(name, {
      ...{ grid, ...lanes.part, ...rows.part, ...linearWeights(linear ?? {}), embedding_row: row },
      ...files,
    }),
    bind: { ids, values: values ?? ids },
    constants: {
      ...rows.constants,
      LANES: lanes.count,
      HAS_VALUES: values !== undefined,
      HAS_LINEAR: linear !== undefined,
      KEEPS_ROWS: keepsRows,
    },
    params: {
      batch: k.batch,
      fields: ids.shape[0] as number,
      first: shard.first,
      rows: shard.rows,
      total: table.rows,
    },
  };
}
