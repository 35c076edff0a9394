/**
 * From PyTorch's layout to Weft's: one table for all fields, and dense weights as [in, out].
 *
 * Between a tool's names and Weft's stand plain names, which are the same whatever tool a model comes from:
 *
 * | plain name | tensor |
 * | --- | --- |
 * | `emb.f0`, `lr.f0` | rows of the first field in the table `embedding`, or `linear` |
 * | `KIND.f0` | rows of the first field in the table `KIND` |
 * | `mlp.0.weight` | weights of a dense layer, [out, in] |
 * | `mlp.0.bn.running_mean`, `running_var` | running statistics |
 * | all others | tensors of the same name and layout |
 *
 * A layout turns the plain tensors of one model, where they differ, into what these rules know.
 *
 * @module
 */
import { concatenate, type Convert, type NamedTensor, transpose } from "./tensor.ts";

/** Shapes of a model's tensors by name. */
export type Shapes = Readonly<Record<string, { readonly shape: readonly number[] }>>;

/** Converts plain tensors of a model with tensors of the given shapes. */
export type Layout = (model: Shapes) => Convert;

/** Tables of Weft by their plain names, where they differ. */
const TABLES: Readonly<Record<string, string>> = { emb: "embedding", lr: "linear", lw: "linear" };

/** Returns the table and the number of the field whose rows a plain tensor has; nothing where it has none. */
export function splitTable(name: string): { readonly table: string; readonly field: number } | undefined {
  const [, kind, field] = /^(.+)\.f(\d+)$/.exec(name) ?? [];
  return kind === undefined ? undefined : { table: TABLES[kind] ?? kind, field: Number(field) };
}

/**
 * Gives plain tensors Weft's names and layout.
 *
 * @throws {TypeError} when the rows of a table's fields differ in width
 */
export function toWeft(tensors: readonly NamedTensor[]): NamedTensor[] {
  const tables = new Map<string, NamedTensor[]>();
  const result: NamedTensor[] = [];
  for (const tensor of tensors) {
    const part = splitTable(tensor.name);
    if (part) (tables.get(part.table) ?? tables.set(part.table, []).get(part.table)!)[part.field] = tensor;
    else result.push(toWeftDense(tensor));
  }
  for (const [name, fields] of tables) {
    const parts = fields.filter((part) => part !== undefined);
    const widths = new Set(parts.map(({ shape }) => shape[1]));
    if (widths.size > 1) {
      const received = [...widths].join(", ");
      throw new TypeError(`Cannot import "${name}": rows of all fields must have one width, received ${received}`);
    }
    const rows = parts.reduce((sum, { shape }) => sum + shape[0], 0);
    result.push(concatenate(name, [rows, parts[0].shape[1]], parts));
  }
  return result;
}

function toWeftDense(tensor: NamedTensor): NamedTensor {
  const name = tensor.name.replace(/^lr\.bias$/, "linear.bias").replace("running_mean", "mean")
    .replace("running_var", "variance");
  const isMatrix = tensor.shape.length === 2 && name.endsWith(".weight");
  return isMatrix ? transpose({ ...tensor, name }) : { ...tensor, name };
}
