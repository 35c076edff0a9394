import { models } from "../../models/mod.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric } from "../../src/data/schema.ts";
import { Model } from "../../src/model.ts";
import { serve } from "../../src/serve/server.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { gpu } from "../support.ts";

const rows = Array.from({ length: 12 }, (_, r) => ({ user: `u${r % 3}`, price: r / 4 }));
const features = [categorical("user"), numeric("price")];
const data = readRows(rows.map((row, r) => ({ ...row, click: r % 2 })), { label: "click", features });

const createModel = async () => {
  return await Model.create(models.deepfm({ dim: 4, hidden: [4] }), data.schema, { device: await gpu() });
};

const post = (body: unknown) => ({ method: "POST", body: JSON.stringify(body) });

Deno.test("a server answers at its address until it is shut down, and the model goes on", async () => {
  await using model = await createModel();
  const server = await serve(model, { port: 0, batchSizes: [4, 16], name: "clicks", version: "3", processor: "never" });
  assertEquals(server.url, `http://127.0.0.1:${server.port}`);
  const expected = [...await model.predict(data)];
  const answers = await Promise.all(Array.from({ length: 10 }, async () => {
    return await (await fetch(`${server.url}/v1/predict`, post({ rows }))).json();
  }));
  for (const { model, version, scores } of answers) assertEquals([model, version, scores], ["clicks", "3", expected]);
  const last = fetch(`${server.url}/v1/predict`, post({ rows }));
  await (await last).body?.cancel();
  await server.shutdown();
  await server.finished;
  await assertRejects(() => fetch(`${server.url}/v2`), TypeError);
  assertEquals([...await model.predict(data)], expected);
});

/** Sends bytes over a connection of its own, in parts with a pause between them; returns the status of the answer. */
async function statusOf(port: number, parts: readonly string[], pauseMs = 0): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const writing = (async () => {
    for (const part of parts) {
      await connection.write(new TextEncoder().encode(part));
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  })().catch(() => {}); // The server may have closed the connection before all is sent.
  const bytes = new Uint8Array(1000);
  const length = await connection.read(bytes);
  const status = Number(new TextDecoder().decode(bytes.subarray(0, length ?? 0)).split(" ")[1]);
  await writing;
  return status;
}

Deno.test("limits hold for what comes over the wire: headers, lengths that are announced, senders that drip", async () => {
  await using model = await createModel();
  await using server = await serve(model, { port: 0, batchSizes: [4], maxBodyBytes: 1000, bodyTimeoutMs: 100 });
  const get = (header: string) => [`GET /v2 HTTP/1.1\r\nHost: x\r\nX-Long: ${header}\r\n\r\n`];
  const send = (length: number) => `POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`;
  assertEquals(await statusOf(server.port, get("x".repeat(100))), 200);
  assertEquals(await statusOf(server.port, get("x".repeat(20_000))), 431);
  // Deno refuses headers of this size before the server sees them.
  assertEquals(await statusOf(server.port, get("x".repeat(1_000_000))), 400);
  assertEquals(await statusOf(server.port, [send(1001)]), 413);
  assertEquals(await statusOf(server.port, [send(900), ..."{".repeat(8)], 20), 408);
  assertEquals((await fetch(`${server.url}/v1/predict`, post({ rows }))).status, 200);
});

Deno.test("a model that trains answers with the parameters of one moment", async () => {
  await using model = await createModel();
  await using server = await serve(model, { port: 0, batchSizes: [16], processor: "never" });
  const ask = async () => (await (await fetch(`${server.url}/v1/predict`, post({ rows }))).json()).scores as number[];
  const before = await ask();
  let isTraining = true;
  const fitting = model.fit(data, { epochs: 20, batchSize: 4 }).finally(() => isTraining = false);
  let asked = 0;
  for (; isTraining || asked === 0; asked++) assertEquals((await ask()).length, rows.length);
  await fitting;
  const after = await ask();
  assertEquals(after, [...await model.predict(data)]);
  assert(after.some((score, i) => score !== before[i]));
});

Deno.test("metrics count what was answered and refused, as Prometheus reads it", async () => {
  await using model = await createModel();
  await using server = await serve(model, { port: 0, batchSizes: [16], name: "clicks" });
  await (await fetch(`${server.url}/v1/predict`, post({ rows }))).body?.cancel();
  const odd = [{ user: "new", price: 100 }, { user: "u1", price: 1 }];
  await (await fetch(`${server.url}/v1/predict`, post({ rows: odd }))).body?.cancel();
  await (await fetch(`${server.url}/v1/predict`, post({ rows: [{}] }))).body?.cancel();
  const response = await fetch(`${server.url}/metrics`);
  assertStringIncludes(response.headers.get("content-type")!, "text/plain");
  const text = await response.text();
  const labels = 'model="clicks",version="1"';
  for (
    const line of [
      `nv_inference_request_success{${labels}} 2`,
      `nv_inference_request_failure{${labels},reason="OTHER"} 1`,
      `nv_inference_count{${labels}} 14`,
      `nv_inference_exec_count{${labels}} 2`,
      `nv_inference_pending_request_count{${labels}} 0`,
      `weft_model_ready{${labels}} 1`,
      `weft_worker_restarts_total{${labels}} 0`,
      `weft_request_seconds_count{${labels}} 2`,
      `weft_batch_rows_bucket{le="8",${labels}} 1`,
      `weft_batch_rows_sum{${labels}} 14`,
      `weft_score_count{${labels},task="click"} 14`,
      `weft_values_total{${labels},field="user",kind="read"} 14`,
      `weft_values_total{${labels},field="user",kind="unseen"} 1`,
      `weft_values_total{${labels},field="price",kind="outside"} 1`,
    ]
  ) assertStringIncludes(text, `\n${line}\n`);
});

Deno.test("servers that cannot start say why, and leave nothing behind", async () => {
  await using model = await createModel();
  await assertRejects(
    () => serve(model, { version: "v1" }),
    RangeError,
    'version must be decimal digits, received "v1"',
  );
  await assertRejects(() => serve(model, { name: "a/b" }), RangeError, 'no slashes, colons or blanks, received "a/b"');
  await assertRejects(() => serve(model, { batchSizes: [8, 4] }), RangeError, "batchSizes must be ascending");
  await assertRejects(
    () => serve(model, { batchSizes: [4], batching: { maxQueueSize: 0 } }),
    RangeError,
    "maxQueueSize must be a positive integer",
  );
  await using server = await serve(model, { port: 0, batchSizes: [4] });
  await assertRejects(
    () => serve(model, { port: server.port, batchSizes: [4] }),
    Error,
    `Cannot serve: 127.0.0.1:${server.port} must be free to listen on`,
  );
});
