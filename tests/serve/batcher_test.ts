import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Dataset } from "../../src/data/dataset.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical } from "../../src/data/schema.ts";
import { Batcher } from "../../src/serve/batcher.ts";
import { AbandonedError, OverloadError } from "../../src/serve/error.ts";

const names = Array.from({ length: 20 }, (_, i) => `u${i}`);
const data = readRows(names.map((user, i) => ({ click: i % 2, user })), {
  label: "click",
  features: [categorical("user")],
});

/** Scores that tell rows apart: the row numbers, once the test lets the batch go. */
class Gate {
  readonly sizes: number[] = [];
  readonly #waiting: (() => void)[] = [];

  readonly score = async (batch: Dataset) => {
    this.sizes.push(batch.rows);
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const logits = Float32Array.from(batch.ids);
    return { probabilities: logits.map((logit) => logit / 100), logits };
  };

  open(): void {
    this.#waiting.shift()!();
  }
}

const idsOf = (first: number, end: number) => Float32Array.from(data.ids.subarray(first, end));

Deno.test("requests that wait share the next batch, in their order", async () => {
  const gate = new Gate();
  const reports: number[] = [];
  const batcher = new Batcher(gate.score, { maxBatchSize: 6, concurrency: 1 }, ({ rows }) => reports.push(rows));
  const answers = [[0, 1], [1, 3], [3, 6], [6, 8], [8, 18], [18, 19]].map(([first, end]) =>
    batcher.submit(data.slice(first, end)).then((answer) => ({ ...answer, first, end }))
  );
  assertEquals([gate.sizes, batcher.pending], [[1], 5]);
  for (let i = 0; i < 5; i++) {
    gate.open();
    await new Promise((resolve) => setTimeout(resolve));
  }
  for (const { logits, probabilities, first, end, queueMs, computeMs } of await Promise.all(answers)) {
    assertEquals(logits, idsOf(first, end));
    assertEquals(probabilities, idsOf(first, end).map((id) => id / 100));
    assert(queueMs >= 0 && computeMs >= 0);
  }
  // One starts at once; a request of more rows than a batch takes has a batch of its own.
  assertEquals(gate.sizes, [1, 5, 2, 10, 1]);
  assertEquals(reports, gate.sizes);
  await batcher.idle();
});

Deno.test("a batch waits for more rows, but no longer than it is told", async () => {
  const gate = new Gate();
  const batcher = new Batcher(gate.score, { maxQueueDelayMs: 20, preferredBatchSizes: [4] });
  const early = [batcher.submit(data.slice(0, 1)), batcher.submit(data.slice(1, 3))];
  assertEquals(gate.sizes, []);
  const last = batcher.submit(data.slice(3, 4));
  assertEquals(gate.sizes, [4]);
  const alone = batcher.submit(data.slice(4, 5));
  assertEquals(gate.sizes, [4]);
  await new Promise((resolve) => setTimeout(resolve, 60));
  assertEquals(gate.sizes, [4, 1]);
  gate.open();
  gate.open();
  await Promise.all([...early, last, alone]);
});

Deno.test("a batch has at most the rows of the largest preferred size that is reached", async () => {
  const gate = new Gate();
  const batcher = new Batcher(gate.score, { maxQueueDelayMs: 20, preferredBatchSizes: [4, 8], concurrency: 1 });
  const first = batcher.submit(data.slice(0, 4));
  const others = [1, 3, 3, 5, 1].map((count) => batcher.submit(data.slice(0, count)));
  for (let i = 0; i < 4; i++) {
    gate.open();
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  // 13 rows wait: 8 is reached, and 7 of them fit in it; of the 6 that are left, 5 are one request of more than 4.
  assertEquals(gate.sizes, [4, 7, 5, 1]);
  await Promise.all([first, ...others]);
});

Deno.test("rows that nobody wants any more leave the queue, and others come in their place", async () => {
  const gate = new Gate();
  const batcher = new Batcher(gate.score, { maxQueueSize: 2, concurrency: 1 });
  const running = new AbortController();
  const first = batcher.submit(data.slice(0, 1), undefined, running);
  const waiting = new AbortController();
  const second = batcher.submit(data.slice(1, 3), undefined, waiting);
  const third = batcher.submit(data.slice(3, 4));
  waiting.abort();
  running.abort();
  assertEquals((await assertRejects(() => second, AbandonedError)).status, 499);
  const fourth = batcher.submit(data.slice(4, 5));
  assertThrows(() => batcher.submit(data.slice(5, 6), undefined, waiting), AbandonedError);
  gate.open();
  assertEquals((await first).logits, idsOf(0, 1));
  gate.open();
  await Promise.all([third, fourth]);
  assertEquals(gate.sizes, [1, 2]);
  await batcher.idle();
});

Deno.test("requests beyond the queue's size are refused", async () => {
  const gate = new Gate();
  const batcher = new Batcher(gate.score, { maxQueueSize: 2, concurrency: 1 });
  const answers = [0, 1, 2].map((i) => batcher.submit(data.slice(i, i + 1)));
  const error = assertThrows(() => batcher.submit(data.slice(3, 4)), OverloadError, "Exceeds maximum queue size of 2");
  assertEquals([error.status, error.reason, error.headers["retry-after"]], [503, "full", "1"]);
  gate.open();
  await answers[0];
  gate.open();
  await Promise.all(answers);
  assertEquals(gate.sizes, [1, 2]);
});

Deno.test("requests that waited too long are refused, or come last", async () => {
  for (const timeoutAction of ["reject", "delay"] as const) {
    const gate = new Gate();
    const batcher = new Batcher(gate.score, { timeoutMs: 1000, timeoutAction, concurrency: 1, maxBatchSize: 1 });
    const first = batcher.submit(data.slice(0, 1));
    const late = batcher.submit(data.slice(1, 2), 1);
    const inTime = batcher.submit(data.slice(2, 3));
    const refused = timeoutAction === "reject"
      ? assertRejects(() => late, OverloadError, "Request timeout expired")
      : undefined;
    await new Promise((resolve) => setTimeout(resolve, 10));
    gate.open();
    await first;
    gate.open();
    assertEquals((await inTime).logits, idsOf(2, 3));
    if (refused) assertEquals((await refused).reason, "late");
    else {
      gate.open();
      assertEquals((await late).logits, idsOf(1, 2));
    }
    await batcher.idle();
  }
});

Deno.test("a request is late by the time since it came, and refused before its rows are encoded", () => {
  const arrivedMs = performance.now() - 50;
  for (const timeoutAction of ["reject", "delay"] as const) {
    const batcher = new Batcher(new Gate().score, { timeoutMs: 40, timeoutAction, concurrency: 1 });
    batcher.requireRoom();
    batcher.requireRoom(undefined, { arrivedMs: performance.now() });
    if (timeoutAction === "reject") {
      assertThrows(() => batcher.requireRoom(undefined, { arrivedMs }), OverloadError, "Request timeout expired");
      assertThrows(() => batcher.submit(data.slice(0, 1), undefined, { arrivedMs }), OverloadError, "expired");
    } else batcher.requireRoom(undefined, { arrivedMs });
  }
});

Deno.test("a batch that fails tells all its requests, and the next one runs", async () => {
  let fails = true;
  const batcher = new Batcher(async (batch) => {
    await Promise.resolve();
    if (fails) throw new Error("device lost");
    const logits = Float32Array.from(batch.ids);
    return { probabilities: logits, logits };
  });
  await assertRejects(() => batcher.submit(data.slice(0, 2)), Error, "device lost");
  fails = false;
  assertEquals((await batcher.submit(data.slice(0, 2))).logits, idsOf(0, 2));
});

Deno.test("options of batches are checked", () => {
  const refuses = (options: ConstructorParameters<typeof Batcher>[1], message: string) => {
    assertThrows(() => new Batcher(new Gate().score, options), RangeError, message);
  };
  refuses({ maxBatchSize: 0 }, "maxBatchSize must be a positive integer, received 0");
  refuses({ concurrency: 1.5 }, "concurrency must be a positive integer, received 1.5");
  refuses({ preferredBatchSizes: [9], maxBatchSize: 8 }, "preferredBatchSizes must be positive integers up to 8");
  refuses({ maxQueueDelayMs: -1 }, "maxQueueDelayMs must be 0 or more, received -1");
  refuses({ timeoutMs: 0 }, "timeoutMs must be above 0, received 0");
  refuses({ timeoutAction: "drop" as "delay" }, 'timeoutAction must be "reject" or "delay", received "drop"');
});
