import { deepfm } from "../../models/deepfm.ts";
import { Client, type ClientOptions, ConnectionError, ServerError } from "../../src/client/mod.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric, sequence } from "../../src/data/schema.ts";
import { Model } from "../../src/model.ts";
import { serve } from "../../src/serve/server.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { gpu } from "../support.ts";

const rows = Array.from({ length: 12 }, (_, r) => ({
  ...{ user: `u${r % 3}`, item: r % 4, price: r / 4, history: Array.from({ length: r % 4 }, (_, t) => `i${t}`) },
}));
const features = [
  ...[categorical("user"), categorical("item"), numeric("price")],
  sequence("history", { maxLength: 3, combiner: "mean" }),
];
const data = readRows(rows.map((row, r) => ({ ...row, click: r % 2 })), { label: "click", features });

Deno.test("a client asks a server for all that it answers", async () => {
  await using model = await Model.create(deepfm({ dim: 4, hidden: [4] }), data.schema, { device: await gpu() });
  await using server = await serve(model, {
    port: 0,
    batchSizes: [16],
    name: "clicks",
    token: "secret",
    processor: "never",
  });
  const client = new Client(`${server.url}/`, { token: "secret", gzip: true });
  const name = "clicks";
  assertEquals([await client.live(), await client.ready(), await client.ready(name)], [true, true, true]);
  assertEquals(await client.ready("none"), false);
  assertEquals((await client.metadata()).name, "weft");
  assertEquals(await client.models(), [name]);
  const { inputs, outputs } = await client.metadata(name, { version: "1" });
  assertEquals(inputs.map(({ name }) => name), ["user", "item", "price", "history"]);
  assertEquals(outputs.map(({ name }) => name), ["score", "logit"]);
  assertEquals((await client.config(name)).input[3], { name: "history", data_type: "TYPE_STRING", dims: [-1] });

  const expected = [...await model.predict(data)];
  const columns = {
    user: rows.map(({ user }) => user),
    item: rows.map(({ item }) => item),
    price: Float32Array.from(rows, ({ price }) => price),
    history: rows.map(({ history }) => history),
  };
  for (const binary of [true, false]) {
    const answer = await client.infer(name, columns, { id: "a", binary, queueTimeoutMs: 5000 });
    assertEquals([answer.model, answer.version, answer.id], [name, "1", "a"]);
    assertEquals([...answer.floats("score")], expected);
    assertEquals(answer.outputs.get("logit")!.shape, [12, 1]);
  }
  const some = await client.infer(name, columns, { version: "1", outputs: ["logit"] });
  assertEquals([...some.outputs.keys()], ["logit"]);
  const { scores } = await client.predict(rows);
  assertEquals(scores, expected);
  const candidates = rows.slice(0, 3).map(({ user: _, ...candidate }) => candidate);
  const { results } = await client.rank({ user: "u0" }, candidates, { model: name, top: 2 });
  assert(results.length === 2 && results[0].score >= results[1].score);

  const [counts] = await client.statistics(name);
  assertEquals([counts.name, counts.inference_count, (await client.statistics()).length], [name, 51, 1]);
  assertEquals(await client.repository({ ready: true }), [{ name, version: "1", state: "READY", reason: "" }]);
  await refuses(client.load(name), 400, "Cannot change what is served");
  await refuses(client.unload(name), 400, "Cannot change what is served");
  await refuses(client.infer("none", columns), 404, 'there is no model "none"');
  await refuses(client.predict([{ user: "u1" }]), 400, 'row 0: field "item" must have a value');
  await refuses(new Client(server.url).models(), 401, "must bring the bearer token");
});

async function refuses(call: Promise<unknown>, status: number, message: string): Promise<ServerError> {
  const error = await assertRejects(() => call, ServerError, message);
  assertEquals(error.status, status);
  return error;
}

/** A client of a server that gives answers in their order, the last one again and again, and the requests it saw. */
function clientOf(answers: readonly (() => Response)[], options: ClientOptions = {}) {
  const seen: Request[] = [];
  const fetch = (request: Request) => {
    seen.push(request);
    return Promise.resolve(answers[Math.min(seen.length, answers.length) - 1]());
  };
  return { client: new Client("http://server:8000", { fetch, ...options }), seen };
}

const busy = (status: number, after?: string) => () =>
  Response.json({ error: "busy" }, { status, headers: after === undefined ? {} : { "retry-after": after } });
const models = () => Response.json({ models: [] });

Deno.test("an overloaded server is asked again as often as allowed, after the time that it names", async () => {
  const { client, seen } = clientOf([busy(503, "0"), busy(429), models], { retries: 2 });
  assertEquals(await client.models(), []);
  assertEquals(seen.length, 3);

  const never = clientOf([busy(503, "7")]);
  const error = await refuses(never.client.models(), 503, "busy");
  assertEquals([error.isOverload, error.retryAfterMs, never.seen.length], [true, 7000, 1]);
  const late = clientOf([busy(503, "7")], { retries: 5, timeoutMs: 1000 });
  await refuses(late.client.models(), 503, "busy");
  assertEquals(late.seen.length, 1);

  const tired = clientOf([busy(503, "0")], { retries: 1 });
  await refuses(tired.client.models(), 503, "busy");
  assertEquals(tired.seen.length, 2);
  const wrong = clientOf([busy(400, "0")], { retries: 1 });
  await refuses(wrong.client.models(), 400, "busy");
  assertEquals(wrong.seen.length, 1);
  const health = clientOf([busy(503, "0")], { retries: 5 });
  assertEquals([await health.client.ready(), health.seen.length], [false, 1]);
});

Deno.test("errors say what a proxy said, and when to come back by a date", async () => {
  const date = new Date(Date.now() + 60_000).toUTCString();
  const page = () => new Response("<html>Bad Gateway</html>", { status: 502, headers: { "retry-after": date } });
  const error = await refuses(clientOf([page]).client.models(), 502, "the server said 502 <html>Bad Gateway</html>");
  assert(error.retryAfterMs! > 50_000 && error.retryAfterMs! <= 60_000 && !error.isOverload);
  const odd = () => new Response("", { status: 500, headers: { "retry-after": "soon" } });
  const other = await refuses(clientOf([odd]).client.models(), 500, "the server said 500");
  assertEquals(other.retryAfterMs, undefined);
});

Deno.test("a call ends in time, or when its caller ends it", async () => {
  const stalls = (request: Request) =>
    new Promise<Response>((_, reject) => {
      const { signal } = request;
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  const client = new Client("http://server:8000", { fetch: stalls, timeoutMs: 20 });
  const message = "Cannot reach http://server:8000: it must answer within 20 ms";
  assert((await assertRejects(() => client.models(), ConnectionError, message)).isTimeout);
  const controller = new AbortController();
  const patient = new Client("http://server:8000", { fetch: stalls, timeoutMs: 60_000 });
  const call = patient.predict([{ user: "u1" }], { signal: controller.signal });
  controller.abort(new RangeError("enough"));
  await assertRejects(() => call, RangeError, "enough");
  const waiting = new AbortController();
  const { client: retrying } = clientOf([busy(503, "9")], { retries: 1 });
  const retried = retrying.models({ signal: waiting.signal });
  setTimeout(() => waiting.abort(new RangeError("enough")), 20);
  await assertRejects(() => retried, RangeError, "enough");
});

Deno.test("a server that is not there is told from one that refuses", async () => {
  const { port } = await new Promise<Deno.NetAddr>((resolve) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    resolve(listener.addr as Deno.NetAddr);
    listener.close();
  });
  const client = new Client(`http://127.0.0.1:${port}`);
  const error = await assertRejects(() => client.live(), ConnectionError, `Cannot reach http://127.0.0.1:${port}: `);
  assertEquals(error.isTimeout, false);
});

Deno.test("an answer that breaks off is no malformed one", async () => {
  const half = () =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('{"models":'));
          controller.error(new TypeError("connection reset"));
        },
      }),
    );
  const error = await assertRejects(() => clientOf([half]).client.models(), ConnectionError, "connection reset");
  assertEquals(error.isTimeout, false);
  await assertRejects(() => clientOf([() => new Response('{"models":')]).client.models(), SyntaxError);
});

Deno.test("requests bring token and content, packed where asked for", async () => {
  const answer = () => Response.json({ model: "m", version: "1", scores: [0.5], logits: [0] });
  const { client, seen } = clientOf([answer], { token: "secret", gzip: true });
  await client.predict([{ user: "u1" }], { model: "m" });
  const [request] = seen;
  assertEquals([request.method, request.url], ["POST", "http://server:8000/v1/predict"]);
  assertEquals(request.headers.get("authorization"), "Bearer secret");
  assertEquals(request.headers.get("content-encoding"), "gzip");
  const unpacked = request.body!.pipeThrough(new DecompressionStream("gzip"));
  assertEquals(await new Response(unpacked).json(), { model: "m", rows: [{ user: "u1" }] });
});
