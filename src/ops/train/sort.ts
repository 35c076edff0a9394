/**
 * The order of occurrences by row, on the device.
 *
 * @module
 */
import fieldSource from "../../../shaders/train/field_sort.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import type { Dim, Tensor } from "../../graph/tensor.ts";
import { emitKernel } from "../../kernels/set.ts";
import { checkLookup } from "../embedding/lookup.ts";
import { keyBits } from "./host_sort.ts";
import { radixSortKernel } from "./radix_sort.ts";

export { sortOccurrencesOnHost } from "./host_sort.ts";

const fieldSort = shader("field_sort", { step, field_sort: fieldSource });

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
  emit: (k, { inputs: [ids], outputs: [sorted], attributes: { rowCount, fieldRows } }) => {
    if (fieldRows !== undefined && fitsFieldSort(k, fieldRows)) emitFieldSort(k, ids, sorted);
    else {
      emitKernel(k, radixSortKernel, { ids, sorted, maxKey: fieldRows ?? rowCount, byField: fieldRows !== undefined });
    }
  },
};

/** Returns the keys that a workgroup sorts for a batch, a power of two. */
function fieldSortSize(batch: number): number {
  return Math.max(8, 2 ** keyBits(batch - 1));
}

/** Whether a workgroup's memory holds a field's keys, and one word a row of the field and an index. */
function fitsFieldSort({ gpu, batch }: Emitter, fieldRows: number): boolean {
  const size = fieldSortSize(batch);
  return 4 * size <= gpu.device.limits.maxComputeWorkgroupStorageSize && fieldRows < 2 ** 32 / size;
}

function emitFieldSort(k: Emitter, ids: Tensor, pairs: Tensor): void {
  const fields = ids.shape[0] as number;
  const size = fieldSortSize(k.batch);
  const threads = Math.min(size / 8, 2 ** Math.floor(Math.log2(k.gpu.device.limits.maxComputeInvocationsPerWorkgroup)));
  k.run({
    shader: fieldSort,
    entry: "sort",
    bind: { ids, pairs },
    constants: { VECTORS: size / 4, INDEX_BITS: Math.log2(size), THREADS: threads, FIELDS: fields },
    params: { batch: k.batch },
    grid: [fields, 1, 1],
  });
}

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
