/**
 * The parts of shaders that read rows of tables, by how the tables are stored.
 *
 * @module
 */
import tableCodes from "../../../shaders/embedding/table_codes.wgsl" with { type: "text" };
import tableF16 from "../../../shaders/embedding/table_f16.wgsl" with { type: "text" };
import tableF32 from "../../../shaders/embedding/table_f32.wgsl" with { type: "text" };
import weightsF16 from "../../../shaders/embedding/weights_f16.wgsl" with { type: "text" };
import weightsF32 from "../../../shaders/embedding/weights_f32.wgsl" with { type: "text" };
import type { Constants } from "../../gpu/shader.ts";
import type { TableShard } from "../../graph/node.ts";
import type { Table } from "../../graph/parameter.ts";
import { bitsOf, halvesOf, hasCodes } from "../../graph/table_storage.ts";
import { lanesOf } from "../shape/lane.ts";

/** A part of a shader, by file, with what specializes it. */
export interface StoredRows {
  readonly part: Readonly<Record<string, string>>;
  readonly constants: Constants;
}

/** Returns the part that declares `table` and reads a lane of a row of it. */
export function tableRows({ dim, stride }: Table, { storage = "f32" }: TableShard): StoredRows {
  if (storage === "f32") {
    return { part: { table_f32: tableF32 }, constants: { STRIDE: stride / lanesOf(dim).width } };
  }
  const halves = halvesOf(storage, dim);
  if (!hasCodes(storage)) return { part: { table_f16: tableF16 }, constants: { STRIDE: halves } };
  return { part: { table_codes: tableCodes }, constants: { STRIDE: halves / 2, BITS: bitsOf(storage) } };
}

/**
 * Returns the part that declares `linear` and reads a first-order weight.
 *
 * @throws {TypeError} when the weights are stored as integers
 */
export function linearWeights({ storage = "f32" }: Pick<TableShard, "storage">): Readonly<Record<string, string>> {
  if (storage === "f32") return { weights_f32: weightsF32 };
  if (storage === "f16") return { weights_f16: weightsF16 };
  throw new TypeError(`Cannot read first-order weights: they must be stored as f32 or f16, received ${storage}`);
}
