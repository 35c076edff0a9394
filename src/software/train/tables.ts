/**
 * Updates of tables for drivers on the processor: few workers, whose loads are dear.
 *
 * @module
 */
import type { KernelSet } from "../../kernels/set.ts";
import {
  emitReductionWork,
  type Reduction,
  reductionFlops,
  reductionKernel,
  type ReductionProblem,
  type ReductionWork,
} from "../../ops/train/segment_reduce.ts";
import {
  emitUpdates,
  type TableUpdate,
  tableUpdateKernel,
  type TableUpdateProblem,
  tableUpdateSize,
} from "../../ops/train/table_update.ts";
import {
  joined,
  type TablePair,
  tablePairFlops,
  tablePairKernel,
  type TablePairProblem,
} from "../../ops/train/table_pair.ts";
import { bufferVariant } from "../variants.ts";

/** Sorted positions that one worker sums: a processor's cores need few workers. */
const CHUNK = 32;

/** Lanes of a row that one invocation holds at most. */
const SPAN = 8;

const WORK: ReductionWork = { chunk: CHUNK, span: SPAN, loadsAhead: false, finishesGroups: false };

/** Registers the variants. */
export function registerTables(kernels: KernelSet): void {
  kernels.register(reductionKernel, [
    bufferVariant<Reduction, ReductionProblem>("buffers", reductionFlops, (k, task) => {
      emitReductionWork(k, task, WORK);
    }),
  ]);
  kernels.register(tablePairKernel, [{
    ...bufferVariant<TablePair, TablePairProblem>("together", tablePairFlops, (k, pair) => {
      emitReductionWork(k, joined(pair), WORK);
    }),
    fits: ({ limits }, { buffers, joins }) => joins && buffers <= limits.storageBuffers,
  }]);
  kernels.register(tableUpdateKernel, [
    bufferVariant<TableUpdate, TableUpdateProblem>("buffers", tableUpdateSize, (k, task) => emitUpdates(k, task, SPAN)),
  ]);
}
