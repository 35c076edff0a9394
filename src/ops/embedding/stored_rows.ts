/**
 * The parts of shaders that read rows of tables as they are stored.
 *
 * @module
 */
import tableF32 from "../../../shaders/embedding/table_f32.wgsl" with { type: "text" };
import weightsF32 from "../../../shaders/embedding/weights_f32.wgsl" with { type: "text" };
import type { Constants } from "../../gpu/shader.ts";
import type { Table } from "../../graph/parameter.ts";
import { lanesOf } from "../shape/lane.ts";

/** A part of a shader, by file, with what specializes it. */
export interface StoredRows {
  readonly part: Readonly<Record<string, string>>;
  readonly constants: Constants;
}

/** Returns the part that declares `table` and reads a lane of a row of it. */
export function tableRows({ dim, stride }: Table): StoredRows {
  return { part: { table_f32: tableF32 }, constants: { STRIDE: stride / lanesOf(dim).width } };
}

/** Returns the part that declares `linear` and reads a first-order weight. */
export function linearWeights(): Readonly<Record<string, string>> {
  return { weights_f32: weightsF32 };
}
