/**
 * Attention among the places of a history for drivers on the processor, whose compilers keep arrays of a thread in memory:
 * loops over the lanes of a query or a value are written out, and their arrays become variables.
 *
 * @module
 */
import type { KernelSet } from "../../kernels/set.ts";
import {
  historyAttentionFlops,
  historyAttentionKernels,
  type HistoryAttentionProblem,
  runPlaces,
} from "../../ops/sequence/history_attention.ts";
import { range } from "../unrolled.ts";
import { bufferVariant } from "../variants.ts";

/** Most columns of a head whose loops are written out. */
const MOST_COLUMNS = 128;

/** Registers the variants. */
export function registerHistoryAttention(kernels: KernelSet): void {
  for (const [entry, kernel] of Object.entries(historyAttentionKernels)) {
    const variant = bufferVariant<Parameters<typeof runPlaces>[2], HistoryAttentionProblem>(
      "unrolled",
      historyAttentionFlops,
      (k, task) => runPlaces(k, entry, task, { rewrite: unrollLanes }),
    );
    kernels.register(kernel, [{
      ...variant,
      fits: (profile, problem) => variant.fits(profile, problem) && problem.query + problem.value <= MOST_COLUMNS,
    }]);
  }
}

/**
 * Writes loops over lanes out: `for (var d = 0u; d < V; d++) { sum[d] += w * x[at + d]; }` becomes a statement for each
 * lane, and `var sum: array<Lane, V>;` a variable for each.
 *
 * @param sizes lanes by the name that bounds the loops
 */
export function unrollLanes(text: string, sizes: Readonly<Record<string, number>>): string {
  const loops = /^( *)for \(var d = (\d)u; d < (\w+); d\+\+\) \{ (.*) \}$/gm;
  const arrays = /^( *)var (\w+): array<Lane, (\w+)>;$/gm;
  return text
    .replace(
      loops,
      (_, indent, first, bound, body) =>
        range(sizes[bound]).slice(Number(first)).map((d) =>
          `${indent}${body.replace(/(\w+)\[d\]/g, `$1_${d}`).replace(/\bd\b/g, `${d}u`)}`
        ).join("\n"),
    )
    .replace(
      arrays,
      (_, indent, name, bound) => range(sizes[bound]).map((d) => `${indent}var ${name}_${d}: Lane;`).join("\n"),
    );
}
