import type { RunEvent } from "../../src/runs/mod.ts";
import { crc32c, eventFileStart, eventRecord } from "../../src/runs/tensorboard.ts";
import { eventsOfFile } from "./event_records.ts";
import { assertEquals } from "@std/assert";

const join = (parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

Deno.test("checksums are those of CRC-32C", () => {
  assertEquals(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  assertEquals(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assertEquals(crc32c(new Uint8Array(0)), 0);
});

Deno.test("events of a run are records that another reader takes apart", () => {
  const step: RunEvent = { kind: "step", epoch: 1, step: 300, seconds: 1.5, loss: 0.625, lr: 0.25 };
  const metrics = { auc: 0.75, "auc.click": 0.5, rows: 9, "rows.click": 9 };
  const epoch: RunEvent = { kind: "epoch", epoch: 2, step: 2 ** 33, seconds: 2, loss: 0.5, lr: 0.25, metrics };
  const within: RunEvent = { kind: "evaluation", epoch: 2, step: 5, seconds: 2, lr: 0.25, metrics: { logloss: 0.375 } };
  const test: RunEvent = { kind: "test", metrics: { auc: 0.875 } };
  const all = [step, within, epoch, test];
  const file = join([...eventFileStart(1000), ...all.map((event, i) => eventRecord(event, 1000, all[i - 1]))]);
  assertEquals(eventsOfFile(file), [
    { time: 1000, step: 0, version: "brain.Event:2", values: {} },
    { time: 1000, step: 0, session: 1, values: {} },
    { time: 1001.5, step: 300, values: { "train/loss": 0.625, "train/lr": 0.25 } },
    { time: 1002, step: 5, values: { "validation/logloss": 0.375 } },
    {
      time: 1002,
      step: 2 ** 33,
      values: { "validation/auc": 0.75, "validation/auc.click": 0.5, "epoch/epoch": 2, "epoch/loss": 0.5 },
    },
    { time: 1002, step: 2 ** 33, values: { "test/auc": 0.875 } },
  ]);
});
