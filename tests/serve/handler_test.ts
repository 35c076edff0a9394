import { models } from "../../models/mod.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric } from "../../src/data/schema.ts";
import { Model } from "../../src/model.ts";
import { createHandler, type HandlerOptions } from "../../src/serve/handler.ts";
import { ServedModel } from "../../src/serve/served_model.ts";
import { Service } from "../../src/serve/service.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { gpu } from "../support.ts";
import { type Answer, join, readBinary, texts } from "./wire.ts";

const rows = Array.from({ length: 12 }, (_, r) => ({ user: `u${r % 3}`, item: r % 4, price: r / 4 }));
const features = [categorical("user"), categorical("item"), numeric("price")];
const oneLabel = readRows(rows.map((row, r) => ({ ...row, click: r % 2 })), { label: "click", features });
const twoLabels = readRows(rows.map((row, r) => ({ ...row, click: r % 2, buy: Number(r % 3 === 0) })), {
  labels: ["click", "buy"],
  features,
});

type Send = (path: string, init?: RequestInit & { json?: unknown }) => Promise<Response>;

/** Serves a model of one label and one of two, and hands what sends them requests to a test. */
async function withModels(
  options: HandlerOptions,
  test: (send: Send, models: Record<"one" | "two", { model: Model; served: ServedModel }>) => Promise<void>,
): Promise<void> {
  const device = await gpu();
  await using one = await Model.create(models.deepfm({ dim: 4, hidden: [4] }), oneLabel.schema, { device });
  await using two = await Model.create(models.mmoe({ dim: 4, hidden: [4], tower: [4], experts: 2 }), twoLabels.schema, {
    device,
  });
  const serve = async (name: string, model: Model) => {
    return new ServedModel(model, await model.scorer({ batchSizes: [4, 16], processor: "never" }), {
      name,
      version: "1",
    });
  };
  await using servedOne = await serve("one", one);
  await using servedTwo = await serve("two model", two);
  const service = new Service();
  for (const served of [servedOne, servedTwo]) service.set(served);
  const handler = createHandler(service, { onError: (error) => console.error(error), ...options });
  const send: Send = (path, { json, ...init } = {}) => {
    const post = json === undefined ? {} : { method: "POST", body: JSON.stringify(json) };
    return handler(new Request(`http://localhost${path}`, { ...post, ...init }));
  };
  await test(send, { one: { model: one, served: servedOne }, two: { model: two, served: servedTwo } });
}

const post = (body: RequestInit["body"]) => ({ method: "POST", body });

async function refuses(response: Promise<Response>, status: number, message: string): Promise<Response> {
  const received = await response;
  const { error } = await received.json();
  assertStringIncludes(error, message);
  assertEquals(received.status, status);
  return received;
}

Deno.test("metadata, health and the index tell what is served", async () => {
  await withModels({}, async (send) => {
    const get = async (path: string) => (await send(path)).json();
    assertEquals((await get("/v2")).name, "weft");
    assertEquals(await get("/v2/health/live"), { live: true });
    assertEquals(await get("/v2/health/ready"), { ready: true });
    assertEquals(await get("/v2/models"), { models: ["one", "two model"] });
    const described = {
      name: "one",
      versions: ["1"],
      platform: "weft_graph",
      inputs: [
        { name: "user", datatype: "BYTES", shape: [-1] },
        { name: "item", datatype: "BYTES", shape: [-1] },
        { name: "price", datatype: "FP32", shape: [-1] },
      ],
      outputs: [
        { name: "score", datatype: "FP32", shape: [-1, 1] },
        { name: "logit", datatype: "FP32", shape: [-1, 1] },
      ],
    };
    assertEquals(await get("/v2/models/one"), described);
    assertEquals(await get("/v2/models/one/versions/1"), described);
    const { outputs } = await get("/v2/models/two%20model");
    const names = outputs.map(({ name }: { name: string }) => name);
    assertEquals(names, ["score_click", "logit_click", "score_buy", "logit_buy"]);
    assertEquals(await get("/v2/models/one/ready"), { name: "one", ready: true });
    const config = await get("/v2/models/one/config");
    assertEquals([config.max_batch_size, config.input[2]], [4096, {
      name: "price",
      data_type: "TYPE_FP32",
      dims: [1],
    }]);
    assertEquals((await get("/v1/models/one")).model_version_status[0].state, "AVAILABLE");
    assertEquals(await (await send("/v2/repository/index", { json: {} })).json(), [
      { name: "one", version: "1", state: "READY", reason: "" },
      { name: "two model", version: "1", state: "READY", reason: "" },
    ]);
  });
});

Deno.test("the protocol answers with the scores that predict gives", async () => {
  await withModels({}, async (send, { one, two }) => {
    const inputs = [
      { name: "user", shape: [12, 1], datatype: "BYTES", data: rows.map(({ user }) => user) },
      { name: "item", shape: [12], datatype: "INT64", data: rows.map(({ item }) => item) },
      { name: "price", shape: [12], datatype: "FP32", data: rows.map(({ price }) => price) },
    ];
    const answer: Answer = await (await send("/v2/models/one/infer", { json: { id: "a", inputs } })).json();
    const [score, logit] = answer.outputs;
    assertEquals([answer.model_name, answer.model_version, answer.id], ["one", "1", "a"]);
    assertEquals([score.name, score.shape, logit.name], ["score", [12, 1], "logit"]);
    const expected = await one.model.predict(oneLabel);
    assertEquals(score.data!.map(Math.fround), [...expected]);
    const path = "/v2/models/two%20model/versions/1/infer";
    const { outputs } = await (await send(path, { json: { inputs, outputs: [{ name: "score_buy" }] } })).json();
    const { buy } = await two.model.predictTasks(twoLabels);
    assertEquals([outputs.length, outputs[0].data.map(Math.fround)], [1, [...buy]]);
  });
});

Deno.test("packed requests are answered as plain ones are", async () => {
  await withModels({}, async (send) => {
    const user = texts("u1", "u2");
    const inputs = [
      { name: "user", shape: [2], datatype: "BYTES", parameters: { binary_data_size: user.length } },
      { name: "item", shape: [2], datatype: "BYTES", data: ["1", "2"] },
      { name: "price", shape: [2], datatype: "FP32", data: [1, 2] },
    ];
    const header = JSON.stringify({ inputs, parameters: { binary_data_output: true } });
    const body = join(header, user);
    const results = [];
    for (const encoding of [undefined, "gzip", "deflate"] as const) {
      const packed = encoding && new Blob([body]).stream().pipeThrough(new CompressionStream(encoding));
      const headers = {
        "inference-header-content-length": `${header.length}`,
        ...(encoding && { "content-encoding": encoding }),
      };
      results.push(await readBinary(await send("/v2/models/one/infer", { ...post(packed ?? body), headers })));
    }
    assertEquals(results[0].outputs.score.length, 2);
    for (const result of results.slice(1)) assertEquals(result, results[0]);
    await refuses(
      send("/v2/models/one/infer", { ...post("{}"), headers: { "content-encoding": "br" } }),
      415,
      "content-encoding must be gzip or deflate, received br",
    );
    await refuses(
      send("/v2/models/one/infer", { ...post("no gzip"), headers: { "content-encoding": "gzip" } }),
      400,
      "the body must be whole",
    );
  });
});

Deno.test("rows, instances and columns are answered with the scores that predict gives", async () => {
  await withModels({}, async (send, { one, two }) => {
    const expected = [...await one.model.predict(oneLabel)];
    const answer = await (await send("/v1/predict", { json: { model: "one", rows } })).json();
    assertEquals([answer.model, answer.version, answer.scores], ["one", "1", expected]);
    const instances = await (await send("/v1/models/one:predict", { json: { instances: rows } })).json();
    assertEquals(instances, { predictions: expected });
    const columns = Object.fromEntries(
      (["user", "item", "price"] as const).map((name) => [name, rows.map((row) => row[name])]),
    );
    const byColumn = await (await send("/v1/models/one/versions/1:predict", { json: { inputs: columns } })).json();
    assertEquals(byColumn, { outputs: expected });
    const { click, buy } = await two.model.predictTasks(twoLabels);
    const tasks = await (await send("/v1/predict", { json: { model: "two model", rows } })).json();
    assertEquals(tasks.scores, { click: [...click], buy: [...buy] });
    const { predictions } = await (await send("/v1/models/two%20model:predict", { json: { instances: rows } })).json();
    assertEquals(predictions[5], { click: click[5], buy: buy[5] });
  });
});

Deno.test("candidates are ranked in one context", async () => {
  await withModels({}, async (send, { one }) => {
    const candidates = [0, 1, 2, 3, 3].map((item) => ({ item, price: 1 }));
    const json = { model: "one", context: { user: "u1" }, candidates, top: 4 };
    const { results } = await (await send("/v1/rank", { json })).json();
    const data = readRows(candidates.map((candidate) => ({ user: "u1", ...candidate })), oneLabel.schema);
    const scores = await one.model.predict(data);
    const order = [0, 1, 2, 3, 4].sort((a, b) => scores[b] - scores[a] || a - b).slice(0, 4);
    assertEquals(results.map(({ index, score }: { index: number; score: number }) => [index, score]), [
      ...order.map((index) => [index, scores[index]]),
    ]);
    const twice = { ...json, candidates: [{ item: 1, price: 1, user: "u2" }] };
    await refuses(send("/v1/rank", { json: twice }), 400, "candidates[0]: a column must be there or in the context");
    await refuses(send("/v1/rank", { json: { ...json, top: 0 } }), 400, "top must be a positive integer, received 0");
    await refuses(send("/v1/rank", { json: { ...json, task: "buy" } }), 400, 'tasks are click, received "buy"');
  });
});

Deno.test("what cannot be answered gets its status and a reason", async () => {
  await withModels({ maxRows: 12, maxBodyBytes: 4000 }, async (send) => {
    await refuses(send("/v3"), 404, "Not Found");
    const method = await refuses(send("/v2/models/one/infer"), 405, "its methods are POST");
    assertEquals(method.headers.get("allow"), "POST");
    await refuses(send("/v2/models/none"), 404, 'there is no model "none"');
    await refuses(send("/v2/models/one/versions/2/ready"), 404, 'there is no version 2 of "one"');
    await refuses(send("/v2/models/%ff"), 400, "percent signs must be followed by bytes of UTF-8");
    await refuses(send("/v1/predict", post("{")), 400, "the body must be JSON in UTF-8");
    await refuses(send("/v1/predict", { json: { rows } }), 400, "must name one of the models one, two model");
    const model = "one";
    await refuses(
      send("/v1/predict", { json: { model, row: rows } }),
      400,
      'keys are model, version, rows, received "row"',
    );
    await refuses(send("/v1/predict", { json: { model, rows: [] } }), 400, "rows must be 1 to 12, received 0");
    await refuses(send("/v1/predict", { json: { model, rows: [...rows, ...rows] } }), 400, "1 to 12, received 24");
    await refuses(send("/v1/predict", { json: { model, rows: [1] } }), 400, "rows[0] must be an object, received 1");
    await refuses(
      send("/v1/rank", { json: { model, candidates: [...rows, {}] } }),
      400,
      "candidates must be 1 to 12, received 13",
    );
    await refuses(send("/v1/models/one:predict", { json: { instances: [...rows, {}] } }), 400, "1 to 12, received 13");
    const users = { name: "user", shape: [13], datatype: "BYTES", data: Array(13).fill("u1") };
    await refuses(send("/v2/models/one/infer", { json: { inputs: [users] } }), 400, "at most 12 rows, received 13");
    await refuses(
      send("/v1/predict", { json: { model, rows: [{ user: "a" }] } }),
      400,
      'row 0: field "item" must have',
    );
    await refuses(send("/v1/predict", { json: { model: 1, rows } }), 400, "model must be a text, received 1");
    await refuses(send("/v1/predict", post("x".repeat(4001))), 413, "its body must have at most 4000 bytes");
    const bomb = new Blob(["x".repeat(1e6)]).stream().pipeThrough(new CompressionStream("gzip"));
    await refuses(send("/v1/predict", { ...post(bomb), headers: { "content-encoding": "gzip" } }), 413, "4000 bytes");
    await refuses(send("/v2", { headers: { "x-long": "x".repeat(20_000) } }), 431, "at most 16384 bytes");
  });
});

Deno.test("a score that is no number is the client's fault where its numbers are huge, else the server's", async () => {
  const errors: unknown[] = [];
  await withModels({ onError: (error) => errors.push(error) }, async (send, { one: { model } }) => {
    const { embedding } = await model.parameters();
    const large = (embedding.data as Float32Array).map((x) => 1e8 * x);
    model.setParameters({ embedding: { ...embedding, data: large } });
    const json = { model: "one", rows: [rows[0], { ...rows[1], price: 1e38 }] };
    await refuses(send("/v1/predict", { json }), 400, "row 1 must have a finite score, received");
    assertEquals(errors.length, 0);
    model.setParameters({ embedding: { ...embedding, data: (embedding.data as Float32Array).map(() => NaN) } });
    await refuses(
      send("/v1/predict", { json: { model: "one", rows } }),
      500,
      "row 0 must have a finite score, received NaN",
    );
    assertEquals(errors.length, 1);
  });
});

Deno.test("a sender that is too slow is not waited for", async () => {
  await withModels({ bodyTimeoutMs: 20 }, async (send) => {
    let isCanceled = false;
    const stalled = new ReadableStream({ cancel: () => void (isCanceled = true) });
    await refuses(send("/v1/predict", post(stalled)), 408, "it must be there within 20 ms");
    assert(isCanceled);
  });
});

Deno.test("a server with a token answers those who bring it, and tells all that it lives", async () => {
  await withModels({ token: "secret" }, async (send) => {
    const refused = await refuses(send("/v2/models/one"), 401, "must bring the bearer token");
    assertEquals(refused.headers.get("www-authenticate"), "Bearer");
    await refuses(send("/v2/models/one", { headers: { authorization: "Bearer secre" } }), 401, "bearer token");
    assertEquals((await send("/v2/models/one", { headers: { authorization: "Bearer secret" } })).status, 200);
    assertEquals((await send("/v2/health/ready")).status, 200);
  });
});

Deno.test("a server that stops is not ready", async () => {
  await withModels({ isStopping: () => true }, async (send) => {
    assertEquals([(await send("/v2/health/ready")).status, (await send("/v2/models/one/ready")).status], [503, 503]);
    assertEquals((await send("/v2/health/live")).status, 200);
  });
});

Deno.test("statistics count requests, rows, batches and failures", async () => {
  await withModels({}, async (send) => {
    await Promise.all(
      [3, 5].map((count) => send("/v1/predict", { json: { model: "one", rows: rows.slice(0, count) } })),
    );
    await send("/v1/predict", { json: { model: "one", rows: [{}] } });
    const { model_stats: [stats] } = await (await send("/v2/models/one/stats")).json();
    const { success, fail, queue, compute_infer: infer } = stats.inference_stats;
    assertEquals([stats.name, stats.version, stats.inference_count], ["one", "1", 8]);
    assertEquals([success.count, fail.count, queue.count, infer.count], [2, 1, 2, 2]);
    assert(success.ns > infer.ns && infer.ns > 0 && stats.last_inference > 1.7e12);
    const batches = stats.batch_stats.map((batch: { batch_size: number }) => batch.batch_size);
    assertEquals([batches, stats.execution_count], [[3, 5], 2]);
    assertEquals((await (await send("/v2/models/stats")).json()).model_stats.length, 2);
  });
});
