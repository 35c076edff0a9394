/**
 * Occurrences of several lookups as those of one.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/embedding/join_ids.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import { sizeOf, type Tensor } from "../../graph/tensor.ts";
import { checkLookup } from "./lookup.ts";

const kernels = shader("join_ids", { grid, join_ids: source });

const joinIdsOp: Op<null> = {
  name: "join_ids",
  outputs: (inputs) => [{ shape: [fieldsOf(inputs), "B"], dtype: "u32" }],
  emit: (k, { inputs, outputs: [joined] }) =>
    emitParts(k, inputs, (ids) => ({ entry: "join_ids", bind: { ids, joined } })),
};

/** Which of the lookups have values; the inputs are the ids of all, and then the values of these. */
type HasValues = readonly boolean[];

const joinValuesOp: Op<HasValues> = {
  name: "join_values",
  outputs: (inputs, hasValues) => [[fieldsOf(inputs.slice(0, hasValues.length)), "B"]],
  emit: (k, { inputs, outputs: [joined], attributes }) => {
    let next = attributes.length;
    const values = attributes.map((has) => has ? inputs[next++] : undefined);
    emitParts(k, inputs.slice(0, attributes.length), (_, i) => ({
      entry: values[i] ? "join_values" : "join_ones",
      bind: { values: values[i], joined_values: joined },
    }));
  },
};

function fieldsOf(lookups: readonly Tensor[]): number {
  return lookups.reduce((sum, ids) => sum + checkLookup("join_ids", { ids }), 0);
}

function emitParts(
  k: Emitter,
  parts: readonly Tensor[],
  callOf: (ids: Tensor, i: number) => { entry: string; bind: Record<string, Tensor | undefined> },
): void {
  let first = 0;
  parts.forEach((ids, i) => {
    const count = sizeOf(ids.shape, k.batch);
    k.run({ shader: kernels, ...callOf(ids, i), params: { first, count }, grid: Math.ceil(count / 64) });
    first += count;
  });
}

/**
 * Joins row numbers of several lookups: those of the first come first.
 *
 * @param parts row numbers `[F_i, B]`, u32
 * @returns `[sum F_i, B]`, u32
 * @throws {TypeError} when a part has another shape or type
 */
export function joinIds(parts: readonly Tensor[]): Tensor {
  return parts.length === 1 ? parts[0] : apply(joinIdsOp, parts, null);
}

/**
 * Joins values of several lookups, as {@linkcode joinIds} joins their row numbers; lookups without values have ones.
 *
 * @param parts row numbers `[F_i, B]` and values `[F_i, B]`
 * @returns `[sum F_i, B]`; nothing when no lookup has values
 */
export function joinValues(parts: readonly { readonly ids: Tensor; readonly values?: Tensor }[]): Tensor | undefined {
  if (parts.every(({ values }) => !values)) return undefined;
  if (parts.length === 1) return parts[0].values;
  const values = parts.map((part) => part.values).filter((tensor) => tensor !== undefined);
  const hasValues = parts.map((part) => part.values !== undefined);
  return apply(joinValuesOp, [...parts.map(({ ids }) => ids), ...values], hasValues);
}
