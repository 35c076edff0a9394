/**
 * What a server did lately, second by second, in bounded memory.
 *
 * @module
 */
import type { BatchReport } from "./batcher.ts";
import type { RequestObserver, RequestSuccess, ServedModel } from "./served_model.ts";
import type { FailureReason } from "./statistics.ts";

/** Seconds that are kept. */
const SECONDS = 300;
/** Seconds that current figures are of. */
const RECENT = 60;
/** Latencies are counted in bins whose bounds grow by a tenth, from 0.05 ms to more than a minute. */
const LEAST_MS = 0.05;
const GROWTH = 1.1;
const BINS = 150;
/** Sizes of batches are counted in bins 1, 2, 3 to 4, 5 to 8, ... */
const SIZES = 16;

/** Figures of a second. */
export interface Second {
  /** When it began, in seconds since 1970. */
  readonly time: number;
  /** Answered requests. */
  readonly requests: number;
  /** Scored rows. */
  readonly rows: number;
  /** Refused and failed requests. */
  readonly refused: number;
  /** Median latency in ms; null without requests. */
  readonly p50: number | null;
  /** 99th percentile of the latency in ms; null without requests. */
  readonly p99: number | null;
  /** Rows of a batch, in the mean; null without batches. */
  readonly batch: number | null;
  /** Most requests that waited. */
  readonly queue: number;
}

/** Figures of the last minute. */
export interface RecentActivity {
  /** Answered requests per second. */
  readonly requestsPerSecond: number;
  /** Scored rows per second. */
  readonly rowsPerSecond: number;
  /** Median latency in ms; null without requests. */
  readonly p50: number | null;
  /** 99th percentile of the latency in ms; null without requests. */
  readonly p99: number | null;
  /** Refused and failed requests by reason. */
  readonly refused: Readonly<Partial<Record<FailureReason, number>>>;
  /** Batches by their rows: `batches[k]` had more than 2^(k - 1) and at most 2^k. */
  readonly batches: readonly number[];
}

class Slot {
  time = -1;
  requests = 0;
  rows = 0;
  queue = 0;
  batchRows = 0;
  readonly latencies = new Uint32Array(BINS);
  readonly batches = new Uint32Array(SIZES);
  readonly refused = new Map<FailureReason, number>();

  clear(time: number): void {
    this.time = time;
    this.requests =
      this.rows =
      this.queue =
      this.batchRows =
        0;
    this.latencies.fill(0);
    this.batches.fill(0);
    this.refused.clear();
  }
}

/** Records what happens to requests by model and second. */
export class Activity implements RequestObserver {
  readonly #now: () => number;
  readonly #models = new WeakMap<ServedModel, readonly Slot[]>();

  /**
   * Records nothing yet.
   *
   * @param now the time in ms since 1970
   */
  constructor(now: () => number = () => Date.now()) {
    this.#now = now;
  }

  /** Records an answered request. */
  onSuccess(model: ServedModel, { data, ms }: RequestSuccess): void {
    const slot = this.#slot(model);
    slot.requests++;
    slot.rows += data.rows;
    slot.latencies[binOf(ms)]++;
  }

  /** Records a refused or failed request. */
  onFailure(model: ServedModel, reason: FailureReason): void {
    const { refused } = this.#slot(model);
    refused.set(reason, (refused.get(reason) ?? 0) + 1);
  }

  /** Records a batch. */
  onBatch(model: ServedModel, { rows }: BatchReport): void {
    const slot = this.#slot(model);
    slot.batches[Math.min(SIZES - 1, Math.ceil(Math.log2(rows)))]++;
    slot.batchRows += rows;
    slot.queue = Math.max(slot.queue, model.pending);
  }

  /** Lists the whole seconds after `since`, in seconds since 1970, up to the one that is under way. */
  seconds(model: ServedModel, since: number): Second[] {
    const present = Math.floor(this.#now() / 1000);
    const slots = this.#models.get(model) ?? [];
    const first = Math.max(Math.floor(since) + 1, present - SECONDS + 1);
    return Array.from({ length: Math.max(0, present - first) }, (_, i) => {
      const slot = slots[(first + i) % SECONDS];
      return secondOf(first + i, slot?.time === first + i ? slot : undefined);
    });
  }

  /** Sums the last minute up. */
  recent(model: ServedModel): RecentActivity {
    const present = Math.floor(this.#now() / 1000);
    const slots = (this.#models.get(model) ?? []).filter(({ time }) => time >= present - RECENT && time < present);
    const latencies = sum(slots.map((slot) => slot.latencies), BINS);
    const refused: Partial<Record<FailureReason, number>> = {};
    for (const slot of slots) {
      for (const [reason, count] of slot.refused) refused[reason] = (refused[reason] ?? 0) + count;
    }
    return {
      requestsPerSecond: slots.reduce((total, { requests }) => total + requests, 0) / RECENT,
      rowsPerSecond: slots.reduce((total, { rows }) => total + rows, 0) / RECENT,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      refused,
      batches: [...sum(slots.map((slot) => slot.batches), SIZES)],
    };
  }

  #slot(model: ServedModel): Slot {
    let slots = this.#models.get(model);
    if (!slots) this.#models.set(model, slots = Array.from({ length: SECONDS }, () => new Slot()));
    const time = Math.floor(this.#now() / 1000);
    const slot = slots[time % SECONDS];
    if (slot.time !== time) slot.clear(time);
    return slot;
  }
}

function secondOf(time: number, slot: Slot | undefined): Second {
  if (!slot) return { time, requests: 0, rows: 0, refused: 0, p50: null, p99: null, batch: null, queue: 0 };
  const batches = slot.batches.reduce((total, count) => total + count, 0);
  return {
    time,
    requests: slot.requests,
    rows: slot.rows,
    refused: [...slot.refused.values()].reduce((total, count) => total + count, 0),
    p50: percentile(slot.latencies, 0.5),
    p99: percentile(slot.latencies, 0.99),
    batch: batches === 0 ? null : slot.batchRows / batches,
    queue: slot.queue,
  };
}

function binOf(ms: number): number {
  return Math.min(BINS - 1, Math.max(0, Math.ceil(Math.log(ms / LEAST_MS) / Math.log(GROWTH))));
}

/** Returns the upper bound of the bin that the share of all latencies is reached in. */
function percentile(latencies: Uint32Array, share: number): number | null {
  const total = latencies.reduce((all, count) => all + count, 0);
  if (total === 0) return null;
  let [bin, reached] = [0, latencies[0]];
  while (reached < share * total) reached += latencies[++bin];
  return LEAST_MS * GROWTH ** bin;
}

function sum(all: readonly Uint32Array[], length: number): Uint32Array {
  const total = new Uint32Array(length);
  for (const counts of all) counts.forEach((count, i) => total[i] += count);
  return total;
}
