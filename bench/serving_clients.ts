/**
 * Clients of a server, in a worker: some that ask as fast as they are answered, or many that ask at a rate.
 *
 * @module
 */
import type { EncodedRequest } from "../src/client/mod.ts";

/** What clients send. */
export interface LoadTask {
  /** Address. */
  readonly url: string;
  /** Each request. */
  readonly request: EncodedRequest;
  /** Clients, each of which waits for its answer before it asks again; with a rate, most requests at a time. */
  readonly clients: number;
  /** Requests per second, whether earlier ones are answered or not; as fast as they are answered when absent. */
  readonly rate?: number;
  /** How long they ask. */
  readonly seconds: number;
}

/** What they saw. */
export interface LoadResult {
  /** Time of each answer with scores, ascending. */
  readonly ms: Float64Array;
  /** Requests that were refused for overload: status 429, 503 or 504. */
  readonly refused: number;
  /** Requests that failed in any other way. */
  readonly failed: number;
  /** Requests that were not sent, since too many were under way. */
  readonly unsent: number;
  /** How long they asked. */
  readonly elapsedMs: number;
}

const OVERLOAD = [429, 503, 504];

async function run({ url, request, clients, rate, seconds }: LoadTask): Promise<LoadResult> {
  const init = { method: "POST", ...request };
  const ms: number[] = [];
  const counts = { refused: 0, failed: 0, unsent: 0 };
  const ask = async () => {
    const sent = performance.now();
    try {
      const response = await fetch(url, init);
      await response.arrayBuffer();
      if (response.ok) ms.push(performance.now() - sent);
      else counts[OVERLOAD.includes(response.status) ? "refused" : "failed"]++;
    } catch {
      counts.failed++;
    }
  };
  const start = performance.now();
  const end = start + 1000 * seconds;
  if (rate === undefined) {
    const asking = async () => {
      while (performance.now() < end) await ask();
    };
    await Promise.all(Array.from({ length: clients }, asking));
  } else await askAtRate(ask, rate, { start, end, clients, onUnsent: () => counts.unsent++ });
  return { ms: Float64Array.from(ms).sort(), ...counts, elapsedMs: performance.now() - start };
}

/** Asks at even distances; those that a late timer missed are asked at once. */
async function askAtRate(
  ask: () => Promise<void>,
  rate: number,
  { start, end, clients, onUnsent }: { start: number; end: number; clients: number; onUnsent: () => void },
): Promise<void> {
  const running = new Set<Promise<void>>();
  for (let asked = 0; performance.now() < end;) {
    const due = Math.floor((performance.now() - start) * rate / 1000);
    for (; asked < due; asked++) {
      if (running.size >= clients) {
        onUnsent();
        continue;
      }
      const asking: Promise<void> = ask().finally(() => running.delete(asking));
      running.add(asking);
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(5, 1000 / rate)));
  }
  await Promise.all(running);
}

// The types are those of a program, not of a worker.
const worker = self as unknown as Pick<Worker, "onmessage" | "postMessage">;
worker.onmessage = async ({ data }: MessageEvent<LoadTask>) => worker.postMessage(await run(data));
