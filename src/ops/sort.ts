/**
 * The order of occurrences by row, on the device.
 *
 * @module
 */
import grid from "../../shaders/grid.wgsl" with { type: "text" };
import source from "../../shaders/radix_sort.wgsl" with { type: "text" };
import step from "../../shaders/step.wgsl" with { type: "text" };
import { shader } from "../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../graph/node.ts";
import type { Dim, Tensor } from "../graph/tensor.ts";
import { keyBits } from "./host_sort.ts";
import { checkLookup } from "./lookup.ts";

export { sortOccurrencesOnHost } from "./host_sort.ts";

const radixSort = shader("radixSort", { grid, step, radix_sort: source });

/** Bits of a digit. */
const DIGIT_BITS = 4;

/** Keys that one workgroup sorts. */
const BLOCK = 1024;

interface SortAttributes {
  readonly rowCount: number;
}

const sortOp: Op<SortAttributes> = {
  name: "sortOccurrences",
  outputs: ([ids]) => {
    const fields = checkLookup("sortOccurrences", { ids });
    const pairs = { shape: [2 * fields, "B"] as Dim[], dtype: "u32" as const };
    // A counter for each digit and block: 16 ceil(F B / 1024) <= (ceil(F / 64) + 16) B, as B is at least 1.
    return [pairs, pairs, { shape: [Math.ceil(fields / 64) + 16, "B"], dtype: "u32" }];
  },
  emit: (k, { inputs: [ids], outputs: [sorted, scratch, places], attributes: { rowCount } }) =>
    emitSort(k, ids, sorted, scratch, places, rowCount),
};

function emitSort(k: Emitter, ids: Tensor, sorted: Tensor, scratch: Tensor, places: Tensor, rowCount: number): void {
  const count = (ids.shape[0] as number) * k.batch;
  const blocks = Math.ceil(count / BLOCK);
  const passes = Math.ceil(keyBits(rowCount) / DIGIT_BITS);
  for (let pass = 0; pass < passes; pass++) {
    const [pairs, from] = (passes - pass) % 2 === 1 ? [sorted, scratch] : [scratch, sorted];
    const params = {
      count,
      batch: k.batch,
      row_count: rowCount,
      blocks,
      shift: pass * DIGIT_BITS,
      is_last: Number(pass === passes - 1),
    };
    k.run({ shader: radixSort, entry: "count", bind: { ids, source: from, places }, params, grid: blocks });
    k.run({ shader: radixSort, entry: "scan", bind: { places }, params, grid: 1 });
    k.run({ shader: radixSort, entry: "scatter", bind: { ids, source: from, pairs, places }, params, grid: blocks });
  }
}

/**
 * Sorts the occurrences o = f B + b of a batch by row, stably: pairs (row, o) at 2 i and 2 i + 1.
 *
 * Occurrences of padding rows of a partial batch, and of rows that the table lacks, come last under row 0xffffffff.
 * The bits equal those of {@linkcode sortOccurrencesOnHost}.
 *
 * @param ids rows `[F, B]`, field-major
 * @param rowCount rows of the table
 * @returns `[2 F, B]` of u32, to be read as one list of F B pairs
 * @throws {TypeError} when ids are not `[F, B]` of u32
 */
export function sortOccurrences(ids: Tensor, rowCount: number): Tensor {
  return apply(sortOp, [ids], { rowCount });
}
