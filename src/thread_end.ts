/**
 * Waiting for threads to end.
 *
 * @module
 */

/**
 * How long a thread takes to end, in ms. Graphics drivers free a thread's data as that thread ends and once more as the
 * process ends: where the two meet, the process breaks down.
 */
const THREAD_END_MS = 100;

/** Waits until a thread that was told to end at a time of `performance.now()` is gone, so that the process can end. */
export function threadGone(toldMs: number, waitMs = THREAD_END_MS): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, toldMs + waitMs - performance.now())));
}
