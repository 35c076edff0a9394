/**
 * Options of batches.
 *
 * @module
 */
import { formatValue } from "../data/format.ts";
import { givenOf } from "./given.ts";

/** Options of a {@linkcode Batcher}. */
export interface BatchingOptions {
  /** Most rows of a batch; a request with more has a batch of its own. @default {4096} */
  readonly maxBatchSize?: number;
  /**
   * Sizes that batches should have, in rows: as soon as so many wait, a batch starts, which has at most as many rows as the
   * largest of these sizes that is reached. @default {none}
   */
  readonly preferredBatchSizes?: readonly number[];
  /** How long the first request of a batch waits for others, in ms. @default {0} */
  readonly maxQueueDelayMs?: number;
  /** Requests that may wait; further ones are refused. @default {1000} */
  readonly maxQueueSize?: number;
  /** How long a request may wait, in ms; without an end when absent. */
  readonly timeoutMs?: number;
  /** What happens to a request that has waited longer: it is refused, or comes after those that have not. @default {"reject"} */
  readonly timeoutAction?: "reject" | "delay";
  /** Batches that are computed at a time. @default {2} */
  readonly concurrency?: number;
}

/** Options with nothing left out. */
export type CheckedBatching = Required<BatchingOptions>;

/**
 * Fills in what options leave out.
 *
 * @throws {RangeError} when one is out of its range
 */
export function checkBatching(options: BatchingOptions): CheckedBatching {
  const checked = {
    maxBatchSize: 4096,
    preferredBatchSizes: [],
    maxQueueDelayMs: 0,
    maxQueueSize: 1000,
    timeoutMs: Infinity,
    timeoutAction: "reject" as const,
    concurrency: 2,
    ...givenOf(options),
  } as CheckedBatching;
  const refuse = (name: string, wanted: string, value: unknown): never => {
    throw new RangeError(`Cannot batch requests: ${name} must be ${wanted}, received ${formatValue(value)}`);
  };
  for (const name of ["maxBatchSize", "maxQueueSize", "concurrency"] as const) {
    if (!(Number.isSafeInteger(checked[name]) && checked[name] > 0)) refuse(name, "a positive integer", checked[name]);
  }
  for (const size of checked.preferredBatchSizes) {
    if (!(Number.isSafeInteger(size) && size > 0 && size <= checked.maxBatchSize)) {
      refuse("preferredBatchSizes", `positive integers up to ${checked.maxBatchSize}`, checked.preferredBatchSizes);
    }
  }
  const { maxQueueDelayMs: delay, timeoutMs, timeoutAction } = checked;
  if (!(delay >= 0 && Number.isFinite(delay))) refuse("maxQueueDelayMs", "0 or more", delay);
  if (!(timeoutMs > 0)) refuse("timeoutMs", "above 0", timeoutMs);
  if (!["reject", "delay"].includes(timeoutAction)) refuse("timeoutAction", '"reject" or "delay"', timeoutAction);
  return checked;
}
