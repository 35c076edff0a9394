/**
 * The order of occurrences by row, on the device.
 *
 * @module
 */
import { apply, type Op } from "../../graph/node.ts";
import type { Dim, Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import type { Kernel } from "../../kernels/variant.ts";
import { checkLookup } from "../embedding/lookup.ts";
import { fieldSort } from "./field_sort.ts";
import { radixSorts, sizesOfSort, type SortProblem, type SortTask } from "./radix_sort.ts";

export { sortOccurrencesOnHost } from "./host_sort.ts";

/** Sorts by row: on GPUs, fields that workgroup memory holds by a network, all else digit by digit. */
const sortKernel: Kernel<SortTask, SortProblem> = {
  name: "sort",
  problem: sizesOfSort,
  variants: [...radixSorts, fieldSort],
};

interface SortAttributes {
  readonly rowCount: number;
  readonly fieldRows: number | undefined;
}

const sortOp: Op<SortAttributes> = {
  name: "sortOccurrences",
  outputs: ([ids]) => {
    const fields = checkLookup("sortOccurrences", { ids });
    const pairs = { shape: [2 * fields, "B"] as Dim[], dtype: "u32" as const };
    return [pairs];
  },
  emit: (k, { inputs: [ids], outputs: [sorted], attributes: { rowCount, fieldRows } }) =>
    emitKernel(k, sortKernel, { ids, sorted, maxKey: fieldRows ?? rowCount, byField: fieldRows !== undefined }),
};

/**
 * Sorts the occurrences o = f B + b of a batch by row, stably: pairs (row, o) at 2 i and 2 i + 1.
 *
 * Occurrences of padding rows of a partial batch, and of rows that the table lacks, come last under row 0xffffffff.
 * The bits equal those of {@linkcode sortOccurrencesOnHost}.
 *
 * @param ids rows `[F, B]`, field-major
 * @param rowCount rows of the table
 * @param fieldRows rows of the largest field, where all rows of a field lie before those of the next one and ids are such
 * @returns `[2 F, B]` of u32, to be read as one list of F B pairs
 * @throws {TypeError} when ids are not `[F, B]` of u32
 */
export function sortOccurrences(ids: Tensor, rowCount: number, fieldRows?: number): Tensor {
  return apply(sortOp, [ids], { rowCount, fieldRows });
}
