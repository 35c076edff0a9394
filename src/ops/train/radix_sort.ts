/**
 * Radix sorts of occurrences by row, on the device.
 *
 * @module
 */
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import radixAll from "../../../shaders/train/radix_all.wgsl" with { type: "text" };
import radixField from "../../../shaders/train/radix_field.wgsl" with { type: "text" };
import ranks from "../../../shaders/train/radix_ranks.wgsl" with { type: "text" };
import counting from "../../../shaders/train/radix_sort.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { type Shader, shader } from "../../gpu/shader.ts";
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { costOn, gpuVariant, type Problem, type Variant } from "../../kernels/variant.ts";
import { keyBits } from "./host_sort.ts";

/** Keys that one workgroup sorts. */
const BLOCK = 1024;

/** Bits of a digit where each thread has a counter for each digit. */
const COUNTED_BITS = 7;

/** Bits of a digit at most, and at least, where ranks are told by bits. */
const RANKED_BITS = { most: 9, least: 3 };

/** Digits that a workgroup of the scan takes. */
const SCANNED = 8;

/** Threads that count a block's keys. */
const COUNTING = 64;

/** Occurrences to sort. */
export interface SortTask {
  /** Rows, `[F, B]`. */
  readonly ids: Tensor;
  /** Receives pairs (row, occurrence). */
  readonly sorted: Tensor;
  /** Rows of the table, or of the largest field. */
  readonly maxKey: number;
  /** Whether rows of a field lie before those of the next one, so that each is sorted by itself. */
  readonly byField: boolean;
}

/** Sizes that the choice of a kernel depends on. */
export interface SortProblem extends Problem {
  /** Whether each field is sorted by itself. */
  readonly byField: boolean;
  /** Lists that are sorted by themselves, and their keys. */
  readonly segments: number;
  readonly keys: number;
  readonly bits: number;
}

/** Returns the sizes of a sort. */
export function sizesOfSort({ batch }: Emitter, { ids, maxKey, byField }: SortTask): SortProblem {
  const fields = ids.shape[0] as number;
  const [segments, keys] = byField ? [fields, batch] : [1, fields * batch];
  return { byField, segments, keys, bits: keyBits(maxKey) };
}

/** Sorts by row: on GPUs in few passes of wide digits. */
export const radixSorts: readonly Variant<SortTask, SortProblem>[] = [
  gpuVariant("ranks", operationsOf, emitRanks),
  {
    name: "counters",
    fits: () => true,
    cost: (profile, problem) => costOn(profile, operationsOf(problem), { gpu: 4, software: 1 }),
    emit: emitCounters,
  },
];

/** Returns what the time of a sort grows with. */
export function operationsOf({ segments, keys, bits }: SortProblem): number {
  return segments * keys * bits;
}

function shaderOf(byField: boolean, part: Record<string, string>): Shader {
  const keys: Record<string, string> = byField ? { radix_field: radixField } : { radix_all: radixAll };
  return shader("radixSort", { grid, step, ...keys, ...part });
}

/** Returns where a pass reads pairs and where it writes them, so that the last one writes the result. */
function pairsOf(task: SortTask, scratch: Tensor, left: number): { pairs: Tensor; source: Tensor } {
  const { sorted } = task;
  return left % 2 === 1 ? { pairs: sorted, source: scratch } : { pairs: scratch, source: sorted };
}

/** Appends passes whose threads set a bit for each key. */
function emitRanks(k: Emitter, task: SortTask, { segments, keys: segment, bits }: SortProblem): void {
  const { ids, sorted, maxKey, byField } = task;
  const passes = Math.ceil(bits / RANKED_BITS.most);
  const digitBits = Math.max(RANKED_BITS.least, Math.ceil(bits / passes));
  const digits = 2 ** digitBits;
  const blocks = Math.ceil(segment / BLOCK);
  const scratch = k.scratch(sorted.shape, "u32");
  const totals = k.scratch([segments, digits], "u32");
  const counts = [0, 1].map(() => k.scratch([segments, digits, blocks], "u32"));
  const fields = ids.shape[0] as number;
  const least = byField ? k.scratch([fields], "u32") : undefined;
  const params = { segment, batch: k.batch, max_key: maxKey, blocks, fields };
  const kernels = shaderOf(byField, { radix_ranks: ranks });
  const run = (entry: string, bind: Record<string, Tensor | undefined>, grid: number, pass: number): void => {
    const [SHIFT, IS_LAST] = [pass * digitBits, pass === passes - 1];
    const constants = { DIGITS: digits, SHIFT, NEXT: IS_LAST ? 0 : SHIFT + digitBits, IS_LAST };
    k.run({ shader: kernels, entry, bind, params, constants, grid });
  };
  if (least) run("least", { ids, least_rows: least }, fields, 0);
  run("count", { ids, source: sorted, least_rows: least, counts: counts[0] }, segments * blocks, 0);
  for (let pass = 0; pass < passes; pass++) {
    const moved = { ids, ...pairsOf(task, scratch, passes - pass), least_rows: least };
    const [own, more] = pass % 2 === 0 ? counts : [counts[1], counts[0]];
    run("scan", { counts: own, totals, cleared: more }, segments * digits / SCANNED, pass);
    run("scatter", { ...moved, counts: own, totals, more_counts: more }, segments * blocks, pass);
  }
}

/** Appends passes whose threads have counters of their own, for processors. */
function emitCounters(k: Emitter, task: SortTask, { segments, keys: segment, bits }: SortProblem): void {
  const { ids, sorted, maxKey, byField } = task;
  const digits = 2 ** COUNTED_BITS;
  const blocks = Math.ceil(segment / BLOCK);
  const scratch = k.scratch(sorted.shape, "u32");
  const [counts, places] = [k.scratch([segments, digits, blocks], "u32"), k.scratch([segments, digits, blocks], "u32")];
  const fields = ids.shape[0] as number;
  const least = byField ? k.scratch([fields], "u32") : undefined;
  const counters = k.scratch([segments, blocks, digits / 2, COUNTING], "u32");
  const passes = Math.ceil(bits / COUNTED_BITS);
  const kernels = shaderOf(byField, { radix_sort: counting });
  const all = { segment, batch: k.batch, max_key: maxKey, blocks, fields };
  const run = (entry: string, bind: Record<string, Tensor | undefined>, grid: number, pass: number): void => {
    const params = { ...all, shift: pass * COUNTED_BITS, is_last: Number(pass === passes - 1) };
    k.run({ shader: kernels, entry, bind, params, grid });
  };
  if (least) run("least", { ids, least_rows: least }, fields, 0);
  for (let pass = 0; pass < passes; pass++) {
    const { pairs, source } = pairsOf(task, scratch, passes - pass);
    const keys = { ids, source, least_rows: least };
    run("count", { ...keys, counts, counters }, segments * blocks, pass);
    if (byField) run("scan_field", { counts, places }, fields, pass);
    else run("scan", { counts, places }, digits, pass);
    run("scatter", { ...keys, pairs, places, counters }, segments * blocks, pass);
  }
}
