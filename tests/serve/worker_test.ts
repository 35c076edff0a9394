import { models } from "../../models/mod.ts";
import type { Definition } from "../../src/definition.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric } from "../../src/data/schema.ts";
import { Model } from "../../src/model.ts";
import { createHandler } from "../../src/serve/handler.ts";
import { RequestError } from "../../src/serve/error.ts";
import { ServedModel } from "../../src/serve/served_model.ts";
import { Service } from "../../src/serve/service.ts";
import { startServer } from "../../src/serve/server.ts";
import { WorkerScorer, type WorkerScorerOptions } from "../../src/serve/worker/worker_scorer.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { drawDataset, schemaOf, withHistory } from "../datasets.ts";
import { inFolder } from "../folder.ts";
import { gpu } from "../support.ts";

const MODULE = new URL("../../src/cli/scorer_worker.ts", import.meta.url);

/** A message that a worker fails at. */
const BREAKS = undefined;

const rows = Array.from({ length: 12 }, (_, r) => ({ user: `u${r % 3}`, price: r / 4 }));
const features = [categorical("user"), numeric("price")];
const data = readRows(rows.map((row, r) => ({ ...row, click: r % 2 })), { label: "click", features });

/** Workers that a test started, and what was announced of them. */
class Started {
  readonly workers: Worker[] = [];
  readonly lines: string[] = [];

  options(path: string): WorkerScorerOptions {
    return {
      path,
      batchSizes: [16],
      processor: "never",
      backoffMs: 1,
      spawn: () => {
        const worker = new Worker(MODULE, { type: "module" });
        this.workers.push(worker);
        return worker;
      },
      announce: (line) => this.lines.push(line),
    };
  }
}

/** Saves a model, and hands it and its file to a test. */
async function withFile(
  definition: Definition,
  { schema }: Pick<Model, "schema">,
  test: (model: Model, path: string) => Promise<void>,
): Promise<void> {
  await using model = await Model.create(definition, schema, { device: await gpu() });
  await inFolder(async (folder) => {
    await model.save(`${folder}/model.weft`);
    await test(model, `${folder}/model.weft`);
  });
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}

const predict = (count: number) => ({ method: "POST", body: JSON.stringify({ rows: rows.slice(0, count) }) });

Deno.test("a worker scores with the bits of this thread: values, lists, several batches at a time", async () => {
  const history = withHistory(schemaOf(Array(4).fill(5)), 5);
  for (
    const [definition, given] of [
      [models.deepfm({ dim: 4, hidden: [4] }), data],
      [models.din({ dim: 4, hidden: [6, 4] }), drawDataset(history, 40, 11)],
    ] as const
  ) {
    await withFile(definition, given, async (model, path) => {
      await using local = await model.scorer({ batchSizes: [16], processor: "never" });
      await using remote = await WorkerScorer.open(new Started().options(path));
      assertEquals([remote.definition.name, remote.schema.toJSON()], [definition.name, given.schema.toJSON()]);
      const parts = [given, given.slice(0, 1), given.slice(3, 9), given];
      const scores = await Promise.all(parts.map((part) => remote.score(part)));
      for (const [i, part] of parts.entries()) assertEquals(scores[i], await local.score(part));
    });
  }
});

Deno.test("a worker scores past the device as this thread does, and says so", async () => {
  await withFile(models.deepfm({ dim: 4, hidden: [4] }), data, async (model, path) => {
    await using local = await model.scorer({ batchSizes: [16], processor: "always" });
    await using remote = await WorkerScorer.open({ ...new Started().options(path), processor: "always" });
    assertEquals([remote.ways, remote.description], [local.ways, local.description]);
    assertEquals(await remote.score(data), await local.score(data));
  });
});

Deno.test("a worker that fails is replaced, and what it had is answered with 503", async () => {
  await withFile(models.deepfm({ dim: 4, hidden: [4] }), data, async (model, path) => {
    const started = new Started();
    await using served = await ServedModel.openInWorker(started.options(path), {
      name: "clicks",
      version: "1",
      processor: "never",
    });
    const service = new Service();
    service.set(served);
    const handler = createHandler(service);
    const send = (path: string, init?: RequestInit) => handler(new Request(`http://localhost${path}`, init));
    const expected = [...await model.predict(data)];
    assertEquals((await (await send("/v1/predict", predict(12))).json()).scores, expected);

    started.workers[0].postMessage(BREAKS);
    const [inFlight, other] = await Promise.all([send("/v1/predict", predict(3)), send("/v1/predict", predict(2))]);
    assertEquals([inFlight.status, other.status, inFlight.headers.get("retry-after")], [503, 503, "1"]);
    assertStringIncludes((await inFlight.json()).error, "the worker that scores is being replaced");
    assertEquals([served.isReady, (await send("/v2/models/clicks/ready")).status], [false, 503]);
    assertEquals((await send("/v2/health/ready")).status, 503);
    assertEquals((await send("/v1/predict", predict(1))).status, 503);

    await until(() => served.isReady);
    assertEquals((await (await send("/v1/predict", predict(12))).json()).scores, expected);
    assertEquals([served.restarts, (await send("/v2/health/ready")).status], [1, 200]);
    assertStringIncludes(started.lines.join("\n"), "another one starts in 1 ms");
  });
});

Deno.test("a worker that is terminated tells nobody, and is replaced all the same", async () => {
  await withFile(models.lr(), data, async (_, path) => {
    const started = new Started();
    await using scorer = await WorkerScorer.open({ ...started.options(path), silenceMs: 1000 });
    started.workers[0].terminate();
    const error = await assertRejects(() => scorer.score(data), RequestError);
    assertEquals([error.status, scorer.isReady], [503, false]);
    await until(() => scorer.isReady);
    assertEquals((await scorer.score(data)).logits.length, data.rows);
    assertStringIncludes(started.lines.join("\n"), "it said nothing for 1000 ms");
  });
});

Deno.test("a worker whose file holds another model is started again until it holds the first one", async () => {
  await withFile(models.lr(), data, async (model, path) => {
    const started = new Started();
    await using scorer = await WorkerScorer.open(started.options(path));
    await withFile(models.fm({ dim: 4 }), data, async (other) => {
      await other.save(path);
      started.workers[0].postMessage(BREAKS);
      await until(() => scorer.restarts === 2);
      assertStringIncludes(started.lines.join("\n"), 'must hold the model that it held before, received "fm"');
      assertEquals(scorer.isReady, false);
      await model.save(path);
      await until(() => scorer.isReady);
    });
  });
});

Deno.test("a worker that cannot open its model says why, and none is left", async () => {
  await inFolder(async (folder) => {
    const started = new Started();
    await assertRejects(() => WorkerScorer.open(started.options(`${folder}/none.weft`)), Error, "Cannot load");
    await withFile(models.lr(), data, async (_, path) => {
      const options = { ...started.options(path), batchSizes: [8, 4] };
      await assertRejects(() => WorkerScorer.open(options), Error, "batchSizes must be ascending");
    });
    assertEquals(started.workers.length, 2);
  });
});

Deno.test("the server answers others while a worker computes a batch", async () => {
  const wide = drawDataset(schemaOf(Array(8).fill(50)), 20_000, 3);
  await withFile(models.deepfm({ dim: 16, hidden: [512, 512, 512] }), wide, async (_, path) => {
    const options = { ...new Started().options(path), batchSizes: [4096] };
    const served = await ServedModel.openInWorker(options, { name: "wide", version: "1" });
    const service = new Service();
    service.set(served);
    await using server = await startServer(service, { port: 0 });
    const order: string[] = [];
    const scoring = served.answer(() => wide, () => order.push("batch"));
    assertEquals((await (await fetch(`${server.url}/v2/health/live`)).json()).live, true);
    order.push("health");
    await scoring;
    assertEquals(order, ["health", "batch"]);
  });
});

Deno.test("rows of a client that has gone away are not computed", async () => {
  await withFile(models.lr(), data, async (model) => {
    const batching = { maxQueueDelayMs: 1e6 };
    const served = await ServedModel.open(model, { batching, batchSizes: [16], name: "clicks" });
    const service = new Service();
    service.set(served);
    await using server = await startServer(service, { port: 0 });
    const leaving = new AbortController();
    const asking = fetch(`${server.url}/v1/predict`, { ...predict(3), signal: leaving.signal });
    await until(() => served.pending === 1);
    leaving.abort();
    await assertRejects(() => asking, DOMException);
    await until(() => served.pending === 0);
    assertEquals([served.statistics.executions, served.statistics.failures.get("CANCELED")], [0, 1]);
    assert(served.statistics.rows === 0);
  });
});
