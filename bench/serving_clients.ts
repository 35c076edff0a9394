/**
 * Clients that ask a server as fast as it answers, in a worker.
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
  /** Clients, each of which waits for its answer before it asks again. */
  readonly clients: number;
  /** How long they ask. */
  readonly seconds: number;
}

/** What they saw. */
export interface LoadResult {
  /** Time of each answer, ascending. */
  readonly ms: Float64Array;
  /** How long they asked. */
  readonly elapsedMs: number;
}

async function run({ url, request, clients, seconds }: LoadTask): Promise<LoadResult> {
  const init = { method: "POST", ...request };
  const ms: number[] = [];
  const start = performance.now();
  await Promise.all(Array.from({ length: clients }, async () => {
    while (performance.now() < start + 1000 * seconds) {
      const sent = performance.now();
      const response = await fetch(url, init);
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`the server answered with ${response.status}`);
      ms.push(performance.now() - sent);
    }
  }));
  return { ms: Float64Array.from(ms).sort(), elapsedMs: performance.now() - start };
}

// The types are those of a program, not of a worker.
const worker = self as unknown as Pick<Worker, "onmessage" | "postMessage">;
worker.onmessage = async ({ data }: MessageEvent<LoadTask>) => worker.postMessage(await run(data));
