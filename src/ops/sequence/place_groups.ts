/**
 * Workgroups whose threads divide the places of rows among them.
 *
 * @module
 */
import type { DeviceProfile } from "../../gpu/profile.ts";

/** Rows and threads of a workgroup. */
export interface PlaceGroup {
  /** Rows of the batch. */
  readonly rows: number;
  /** Threads of each head of a row. */
  readonly per: number;
}

/** What places are divided for. */
export interface PlaceProblem {
  readonly places: number;
  readonly heads: number;
  /** Whether the best places are selected: threads of a row then count together once for each bit. */
  readonly selects: boolean;
}

/** Threads of a workgroup, unless the heads of a row need more. */
const THREADS = 64;

/** Most threads of a workgroup, and so the most heads. */
export const MOST_THREADS = 128;

/**
 * Returns how rows are divided.
 *
 * A thread takes two places as far as the device has threads for them, or where it selects about as many as there are
 * threads, since it then reads the counts of all threads as often as its scores.
 */
export function placeGroup({ work }: DeviceProfile, { places, heads, selects }: PlaceProblem): PlaceGroup {
  const wanted = selects ? Math.sqrt(places) : places / 2;
  const most = Math.min(work.threadsPerRow, MOST_THREADS / heads);
  const per = 2 ** Math.max(0, Math.min(Math.ceil(Math.log2(wanted)), Math.floor(Math.log2(most))));
  return { per, rows: Math.max(1, Math.floor(THREADS / (heads * per))) };
}
