/**
 * The sort of each field's occurrences by row in workgroup memory.
 *
 * @module
 */
import source from "../../../shaders/train/field_sort.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { shader } from "../../gpu/shader.ts";
import { costOn, type Variant } from "../../kernels/variant.ts";
import { keyBits } from "./host_sort.ts";
import { operationsOf, type SortProblem, type SortTask } from "./radix_sort.ts";

const kernels = shader("field_sort", { step, field_sort: source });

/** Sorts each field by a network, in one dispatch: where workgroup memory holds a word for each of its keys. */
export const fieldSort: Variant<SortTask, SortProblem> = {
  name: "network",
  fits: ({ limits }, { byField, keys, bits }) => {
    const size = wordsOf(keys);
    // A word holds a row of the field and an index.
    return byField && 4 * size <= limits.workgroupBytes && bits + Math.log2(size) <= 32;
  },
  cost: (profile, problem) => costOn(profile, operationsOf(problem), { gpu: 0.5, software: 8 }),
  emit: (k, { ids, sorted }, { keys, segments }) => {
    const size = wordsOf(keys);
    const most = 2 ** Math.floor(Math.log2(k.gpu.profile.limits.workgroupThreads));
    k.run({
      shader: kernels,
      entry: "sort",
      bind: { ids, pairs: sorted },
      constants: {
        ...{ VECTORS: size / 4, INDEX_BITS: Math.log2(size), FIELDS: segments },
        THREADS: Math.min(size / 8, most),
      },
      params: { batch: k.batch },
      grid: [segments, 1, 1],
    });
  },
};

/** Returns the words of workgroup memory that a field's keys are sorted in, a power of two. */
function wordsOf(keys: number): number {
  return Math.max(8, 2 ** keyBits(keys - 1));
}
