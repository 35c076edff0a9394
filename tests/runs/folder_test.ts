import { findRuns, readRun, readRunInfo } from "../../src/runs/mod.ts";
import { finiteMetrics, type RunEvent } from "../../src/runs/events.ts";
import type { RunInfo } from "../../src/runs/info.ts";
import { RunWriter } from "../../src/runs/writer.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { inFolder } from "../folder.ts";

const INFO: RunInfo = {
  format: 1,
  state: "running",
  command: ["train", "--data", "clicks.csv"],
  seed: 7,
  model: { name: "deepfm", options: { dim: 4 }, parameters: 120 },
  started: "2026-01-02T03:04:05.000Z",
  versions: { weft: "0.1.0", deno: "2.9.6", v8: "14" },
  adapter: { description: "llvmpipe", vendor: "Mesa", architecture: "", backend: "deno" },
  data: { training: { rows: 100, positives: 20 } },
  schema: "abc",
  epochs: 0,
};

const step = (at: number): RunEvent => ({ kind: "step", epoch: 1, step: at, seconds: at / 10, loss: 0.5, lr: 0.01 });
const BEST = {
  auc: NaN,
  logloss: 0.4,
  brier: 0.1,
  normalizedEntropy: NaN,
  calibration: 1,
  rows: 9,
  notes: { auc: "x" },
};

Deno.test("a run's folder holds what was written, line by line", () =>
  inFolder(async (root) => {
    const folder = `${root}/runs/first`;
    const end: RunEvent = { kind: "epoch", epoch: 1, step: 4, seconds: 1, lr: 0.01, metrics: finiteMetrics(BEST) };
    {
      await using writer = await RunWriter.start(folder, INFO);
      writer.append(step(2));
      assertEquals((await readRun(folder)).events, [step(2)]);
      assertEquals((await readRunInfo(folder))!.state, "running");
      await assertRejects(() => RunWriter.resume(folder), Error, "another process writes to it");
      writer.append(end);
      writer.update({ epochs: 1 });
      writer.update({ state: "finished", ended: "2026-01-02T03:05:05.000Z", best: BEST });
    }
    const run = await readRun(folder);
    assertEquals(run.events, [step(2), end]);
    assertEquals(run.info, { ...INFO, epochs: 1, state: "finished", ended: "2026-01-02T03:05:05.000Z", best: BEST });
    assert(Number.isNaN(run.info.best!.auc));
    assertEquals(await findRuns(root), [folder]);
    assertEquals(await findRuns(folder), [folder]);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [".lock", "metrics.jsonl", "run.json"]);
  }));

Deno.test("a folder with a run is not started again, and a finished one is not gone on with", () =>
  inFolder(async (folder) => {
    await assertRejects(() => RunWriter.resume(folder), Error, "it must hold an unfinished one, received none");
    for (const state of ["interrupted", "finished"] as const) {
      {
        await using writer = state === "finished"
          ? await RunWriter.resume(folder)
          : await RunWriter.start(folder, INFO);
        writer.update({ state, error: "stopped" });
      }
      await assertRejects(
        () => RunWriter.start(folder, INFO),
        Error,
        `must hold none, received ${state === "finished" ? "a" : "an"} ${state} one`,
      );
    }
    await assertRejects(() => RunWriter.resume(folder), Error, "received a finished one");
    const info = (await readRunInfo(folder))!;
    assertEquals([info.state, info.error], ["finished", "stopped"]);
  }));

Deno.test("a killed run is told as interrupted; its torn last line is left out, and cut when it goes on", () =>
  inFolder(async (folder) => {
    {
      await using writer = await RunWriter.start(folder, INFO);
      for (const at of [1, 2, 3]) writer.append(step(at));
    }
    const path = `${folder}/metrics.jsonl`;
    await Deno.writeTextFile(path, '{"kind":"step","epoch":1,"st', { append: true });
    const run = await readRun(folder);
    assertEquals([run.info.state, run.events], ["interrupted", [1, 2, 3].map(step)]);
    {
      await using writer = await RunWriter.resume(folder);
      assertEquals(writer.info.state, "running");
      writer.dropAfter(2);
      writer.append(step(3));
      writer.append({ kind: "test", metrics: { auc: 0.5 } });
    }
    assertEquals((await readRun(folder)).events, [...[1, 2, 3].map(step), { kind: "test", metrics: { auc: 0.5 } }]);
    assertEquals((await Deno.readTextFile(path)).split("\n").length, 5);
  }));

Deno.test("damaged files of a run are refused with their place", () =>
  inFolder(async (folder) => {
    await (await RunWriter.start(folder, INFO))[Symbol.asyncDispose]();
    const path = `${folder}/run.json`;
    const refused = async (text: string, message: string): Promise<void> => {
      await Deno.writeTextFile(path, text);
      await assertRejects(() => readRun(folder), Error, `Cannot read run "${path}": ${message}`);
    };
    await refused("{", "it must be JSON");
    await refused("[]", "it must be an object");
    await refused(JSON.stringify({ ...INFO, format: 2 }), "format must be 1, received 2");
    await refused(
      JSON.stringify({ ...INFO, state: "odd" }),
      "state must be one of running, finished, interrupted, failed",
    );
    await refused(JSON.stringify({ ...INFO, started: "soon" }), 'started must be a time, received "soon"');
    await refused(JSON.stringify({ ...INFO, data: {} }), "data must be an object with training, received {}");
    await Deno.writeTextFile(path, JSON.stringify(INFO));
    await Deno.writeTextFile(`${folder}/metrics.jsonl`, '{"kind":"test","metrics":{}}\n{"kind":"odd"}\n');
    await assertRejects(() => readRun(folder), SyntaxError, 'metrics.jsonl" line 2: it must be an event of a run');
    await assertRejects(() => findRuns(`${folder}/absent`), Error, "it must be a folder");
  }));

Deno.test("many changes of a run cost few writes, and a failed write is told in the end", () =>
  inFolder(async (root) => {
    const folder = `${root}/run`;
    const writer = await RunWriter.start(folder, INFO);
    for (let epochs = 1; epochs <= 1000; epochs++) writer.update({ epochs });
    await writer.flush();
    assertEquals((await readRunInfo(folder))!.epochs, 1000);
    await Deno.remove(folder, { recursive: true });
    writer.update({ epochs: 1001 });
    await assertRejects(() => writer.flush(), Deno.errors.NotFound);
    await assertRejects(() => writer[Symbol.asyncDispose](), Deno.errors.NotFound);
  }));
