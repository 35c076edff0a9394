import { createProgress, type ProgressOptions } from "../src/progress.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";

const SIZES = { epochs: 10, rows: 1000, batchSize: 96 };

/** A stream that keeps what is written and a clock that is set by hand. */
function recorder(isTTY: boolean): ProgressOptions & { text: () => string; clock: { ms: number } } {
  const parts: string[] = [];
  const clock = { ms: 0 };
  const stream = { isTTY, columns: 100, write: (part: string) => void parts.push(part) };
  return { ...SIZES, stream, now: () => clock.ms, text: () => parts.join(""), clock };
}

Deno.test("without a terminal, progress is one line per quarter of an epoch and one per epoch", async () => {
  const record = recorder(false);
  using progress = await createProgress(record);
  progress.startEpoch(1);
  for (let step = 1; step <= 11; step++) {
    record.clock.ms += 500;
    progress.update(step, step === 5 ? undefined : 1 / step);
  }
  record.clock.ms += 60_000;
  progress.endEpoch({ auc: 0.98374, logloss: 0.1644, lr: 1e-4, rows: 57722 });
  assertEquals(record.text().split("\n"), [
    "epoch 1/10  step 3/11  192 rows/s  loss 0.33333  left 0:04",
    "epoch 1/10  step 6/11  192 rows/s  loss 0.16667  left 0:02",
    "epoch 1/10  step 9/11  192 rows/s  loss 0.11111  left 0:01",
    "epoch 1/10  0:06  182 rows/s  loss 0.09091  auc 0.98374  logloss 0.16440  lr 1.00e-4  rows 57,722",
    "",
  ]);
});

Deno.test("a resumed epoch counts only the rows of this run in its speed", async () => {
  const record = recorder(false);
  const progress = await createProgress(record);
  progress.startEpoch(3, 5);
  record.clock.ms = 1000;
  progress.update(6, 0.25);
  assertEquals(record.text(), "epoch 3/10  step 6/11  96 rows/s  loss 0.25000  left 0:04\n");
});

Deno.test("hours are written out", async () => {
  const record = recorder(false);
  const progress = await createProgress({ ...record, rows: 1e6, batchSize: 1 });
  progress.startEpoch(1);
  record.clock.ms = 3_599_000;
  progress.update(250_000);
  record.clock.ms = 3_661_000;
  progress.update(500_000);
  assertEquals(record.text().split("\n").map((line) => line.slice(line.indexOf("left"))), [
    "left 2:59:57",
    "left 1:01:01",
    "",
  ]);
});

Deno.test("on a terminal, a bar is drawn, replaced by the metrics, and the cursor given back", async () => {
  const record = recorder(true);
  {
    using progress = await createProgress(record);
    progress.startEpoch(2);
    assertStringIncludes(record.text(), "epoch 2/10 [----------------] 0/11  - rows/s  loss -  left -");
    record.clock.ms = 2000;
    progress.update(11, 0.125);
    progress.endEpoch({ auc: 0.75 });
    assertStringIncludes(record.text(), "epoch 2/10 [================] 11/11  500 rows/s  loss 0.12500  left 0:00");
    assert(record.text().endsWith("epoch 2/10  0:02  500 rows/s  loss 0.12500  auc 0.75000\n"));
    progress.startEpoch(3);
  }
  const text = record.text();
  assertEquals(
    text.split("\x1b[?25l").length,
    text.split("\x1b[?25h").length,
    "the cursor is shown as often as hidden",
  );
  assert(text.lastIndexOf("\x1b[?25h") > text.lastIndexOf("\x1b[?25l"));
});

Deno.test("the line of the bar fits in 80 columns", async () => {
  const record = recorder(true);
  using progress = await createProgress({ ...record, epochs: 99, rows: 4_000_000, batchSize: 4096 });
  progress.startEpoch(42);
  record.clock.ms = 10_000;
  progress.update(500, 0.45678);
  progress.stop();
  const line = record.text().split("\x1b").find((part) => part.includes("500/977"));
  // The part begins with the rest of an escape sequence that moves to column 1, `[1G`.
  assert(line !== undefined && line.length - 3 <= 80, line);
});

Deno.test("createProgress refuses sizes that are not counts", async () => {
  await assertRejects(
    () => createProgress({ ...SIZES, rows: 0 }),
    RangeError,
    "rows must be a positive integer, received 0",
  );
});
