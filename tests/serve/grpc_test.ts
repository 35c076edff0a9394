import * as grpc from "npm:@grpc/grpc-js@1.14.7";
import * as loader from "npm:@grpc/proto-loader@0.8.1";
import { Buffer } from "node:buffer";
import { models } from "../../models/mod.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric } from "../../src/data/schema.ts";
import { Model } from "../../src/model.ts";
import type { ServeOptions } from "../../src/serve/options.ts";
import { serve, type Server } from "../../src/serve/server.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";
import { gpu } from "../support.ts";
import { floats, longs, texts } from "./wire.ts";

const PROTO = new URL("../../src/serve/grpc/open_inference.proto", import.meta.url).pathname;
const definition = loader.loadSync(PROTO, {
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
});
// deno-lint-ignore no-explicit-any -- messages of the protocol
type Message = any;
const { GRPCInferenceService: Client } = (grpc.loadPackageDefinition(definition) as Message).inference;

const rows = Array.from({ length: 12 }, (_, r) => ({ user: `u${r % 3}`, item: r % 4, price: r / 4 }));
const data = readRows(rows.map((row, r) => ({ ...row, click: r % 2 })), {
  label: "click",
  features: [categorical("user"), categorical("item"), numeric("price")],
});

type Call = (method: string, message?: Message, options?: { deadlineMs?: number; token?: string }) => Promise<Message>;

/** Serves a model over gRPC, and hands what calls it to a test. */
async function withServer(
  options: ServeOptions,
  test: (call: Call, parts: { model: Model; server: Server; client: Message }) => Promise<void>,
  credentials: grpc.ChannelCredentials = grpc.credentials.createInsecure(),
): Promise<void> {
  await using model = await Model.create(models.deepfm({ dim: 4, hidden: [4] }), data.schema, { device: await gpu() });
  await using server = await serve(model, {
    port: 0,
    grpc: { port: 0 },
    batchSizes: [4, 16],
    processor: "never",
    name: "ctr",
    ...options,
  });
  const client = new Client(`localhost:${server.grpcPort}`, credentials);
  const call: Call = (method, message = {}, { deadlineMs, token } = {}) => {
    const metadata = new grpc.Metadata();
    if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
    const deadline = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
    return new Promise((resolve, reject) => {
      client[method](message, metadata, deadline, (error: Error | null, answer: Message) => {
        if (error) reject(error);
        else resolve(answer);
      });
    });
  };
  try {
    await test(call, { model, server, client });
  } finally {
    client.close();
  }
}

/** Checks the code and the text of a call's error. */
async function refuses(answer: Promise<Message>, code: keyof typeof grpc.status, details: string): Promise<void> {
  const error = await answer.then(() => undefined, (error: grpc.ServiceError) => error);
  assert(error, `must be refused: ${details}`);
  assertEquals(grpc.status[error.code], code, error.details);
  assertStringIncludes(error.details, details);
}

const typed = (some: readonly (typeof rows[number])[]) => [
  {
    ...{ name: "user", datatype: "BYTES", shape: [some.length, 1] },
    contents: { bytes_contents: some.map(({ user }) => Buffer.from(user)) },
  },
  { name: "item", datatype: "INT64", shape: [some.length], contents: { int64_contents: some.map(({ item }) => item) } },
  {
    name: "price",
    datatype: "FP32",
    shape: [some.length],
    contents: { fp32_contents: some.map(({ price }) => price) },
  },
];

const rawOf = (some: readonly (typeof rows[number])[]) => [
  texts(...some.map(({ user }) => user)),
  longs(...some.map(({ item }) => BigInt(item))),
  floats(...some.map(({ price }) => price)),
];

const withoutContents = (some: readonly (typeof rows[number])[]) =>
  typed(some).map(({ name, datatype, shape }) => ({ name, datatype, shape }));

function numbersOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

Deno.test("gRPC answers with the scores that predict gives, for typed and for raw contents", async () => {
  await withServer({}, async (call, { model }) => {
    const expected = [...await model.predict(data)];
    const message = { model_name: "ctr", id: "a" };
    const answer = await call("ModelInfer", { ...message, inputs: typed(rows) });
    assertEquals([answer.model_name, answer.model_version, answer.id], ["ctr", "1", "a"]);
    assertEquals(answer.outputs.map(({ name, datatype, shape }: Message) => [name, datatype, shape]), [
      ["score", "FP32", ["12", "1"]],
      ["logit", "FP32", ["12", "1"]],
    ]);
    assertEquals(numbersOf(answer.raw_output_contents[0]), expected);
    const raw = { ...message, inputs: withoutContents(rows), raw_input_contents: rawOf(rows) };
    assertEquals(await call("ModelInfer", raw), answer);
    const chosen = await call("ModelInfer", { ...raw, model_version: "1", outputs: [{ name: "logit" }] });
    assertEquals(chosen.raw_output_contents, [answer.raw_output_contents[1]]);
    const many = await Promise.all(Array.from({ length: 30 }, () => call("ModelInfer", raw)));
    for (const each of many) assertEquals(each, answer);
  });
});

Deno.test("integers of each width are read from their contents", async () => {
  await withServer({}, async (call, { model }) => {
    const expected = [...await model.predict(data)];
    const [user, , price] = typed(rows);
    const items = rows.map(({ item }) => item);
    for (const bits of [8, 16, 32]) {
      for (const [sign, field] of [["", "int_contents"], ["U", "uint_contents"]]) {
        const item = { name: "item", datatype: `${sign}INT${bits}`, shape: [12], contents: { [field]: items } };
        const answer = await call("ModelInfer", { model_name: "ctr", inputs: [user, item, price] });
        assertEquals(numbersOf(answer.raw_output_contents[0]), expected);
      }
    }
    const item = { name: "item", datatype: "UINT64", shape: [12], contents: { uint64_contents: items } };
    const wide = { ...price, datatype: "FP64", contents: { fp64_contents: rows.map(({ price }) => price) } };
    const answer = await call("ModelInfer", { model_name: "ctr", inputs: [user, item, wide] });
    assertEquals(numbersOf(answer.raw_output_contents[0]), expected);
    const narrow = {
      name: "item",
      datatype: "INT8",
      shape: [12],
      contents: { int_contents: [200, ...items.slice(1)] },
    };
    await refuses(
      call("ModelInfer", { model_name: "ctr", inputs: [user, narrow, price] }),
      "INVALID_ARGUMENT",
      "elements must be of INT8, received 200 at 0",
    );
  });
});

Deno.test("gRPC tells what is served as HTTP does", async () => {
  await withServer({}, async (call) => {
    assertEquals(await call("ServerLive"), { live: true });
    assertEquals(await call("ServerReady"), { ready: true });
    assertEquals(await call("ModelReady", { name: "ctr", version: "1" }), { ready: true });
    const { name, extensions } = await call("ServerMetadata");
    assertEquals([name, extensions.includes("model_repository")], ["weft", true]);
    const metadata = await call("ModelMetadata", { name: "ctr" });
    assertEquals([metadata.versions, metadata.platform, metadata.inputs[2]], [["1"], "weft_graph", {
      name: "price",
      datatype: "FP32",
      shape: ["-1"],
    }]);
    const { config } = await call("ModelConfig", { name: "ctr" });
    assertEquals([config.max_batch_size, config.backend, config.parameters], [4096, "weft", {
      model: { string_value: "deepfm" },
      way_of_4_rows: { string_value: "device" },
      way_of_16_rows: { string_value: "device" },
    }]);
    assertEquals(config.input[0], { name: "user", data_type: "TYPE_STRING", dims: ["1"] });
    assertEquals(config.output[1], { name: "logit", data_type: "TYPE_FP32", dims: ["1"] });
    await call("ModelInfer", { model_name: "ctr", inputs: typed(rows) });
    for (const message of [{}, { name: "ctr" }, { name: "ctr", version: "1" }]) {
      const { model_stats: [stats] } = await call("ModelStatistics", message);
      assertEquals([stats.name, stats.inference_count, stats.inference_stats.success.count], ["ctr", "12", "1"]);
      assertEquals(stats.batch_stats[0].batch_size, "12");
    }
    assertEquals(await call("RepositoryIndex", { ready: true }), {
      models: [{ name: "ctr", version: "1", state: "READY", reason: "" }],
    });
  });
});

Deno.test("what cannot be answered has its code and a reason", async () => {
  await withServer({ maxBodyBytes: 4000, maxRows: 12 }, async (call) => {
    const infer = (message: Message) => call("ModelInfer", { model_name: "ctr", inputs: typed(rows), ...message });
    await refuses(infer({ model_name: "none" }), "NOT_FOUND", 'there is no model "none"');
    await refuses(infer({ model_version: "2" }), "NOT_FOUND", 'there is no version 2 of "ctr"');
    await refuses(call("ModelReady", { name: "a/b" }), "NOT_FOUND", 'there is no model "a/b"');
    await refuses(infer({ inputs: [] }), "INVALID_ARGUMENT", 'input "user" is missing');
    await refuses(infer({ inputs: typed([...rows, ...rows]) }), "INVALID_ARGUMENT", "at most 12 rows, received 24");
    const [user, item, price] = typed(rows);
    const twice = { inputs: [user, item, price], raw_input_contents: rawOf(rows) };
    await refuses(
      infer(twice),
      "INVALID_ARGUMENT",
      'input "user": it must have contents or raw contents, received both',
    );
    await refuses(infer({ raw_input_contents: rawOf(rows).slice(1) }), "INVALID_ARGUMENT", "3 tensors as inputs has");
    const wrong = { ...price, contents: { fp64_contents: [1] } };
    await refuses(infer({ inputs: [user, item, wrong] }), "INVALID_ARGUMENT", "FP32 must be in fp32_contents");
    const half = { ...price, datatype: "FP16" };
    await refuses(infer({ inputs: [user, item, half] }), "INVALID_ARGUMENT", "FP16 must be in raw_input_contents");
    const short = { ...price, contents: { fp32_contents: [1] } };
    await refuses(infer({ inputs: [user, item, short] }), "INVALID_ARGUMENT", "must have 48 bytes for 12 elements");
    const odd = {
      ...user,
      contents: { bytes_contents: [Buffer.from([0xff]), ...user.contents.bytes_contents!.slice(1)] },
    };
    await refuses(infer({ inputs: [odd, item, price] }), "INVALID_ARGUMENT", "must hold texts in UTF-8");
    const huge = { ...user, contents: { bytes_contents: [Buffer.alloc(5000)] } };
    await refuses(infer({ inputs: [huge, item, price] }), "RESOURCE_EXHAUSTED", "4000");
    await refuses(call("RepositoryModelLoad", { model_name: "ctr" }), "INVALID_ARGUMENT", "started for given models");
    assertEquals(numbersOf((await infer({})).raw_output_contents[0]).length, 12);
  });
});

Deno.test("a call's deadline bounds its wait, and a full queue is unavailable", async () => {
  const batching = { maxQueueDelayMs: 1000, preferredBatchSizes: [64], maxQueueSize: 1 };
  await withServer({ batching }, async (call) => {
    const message = { model_name: "ctr", inputs: typed(rows) };
    const waiting = refuses(call("ModelInfer", message, { deadlineMs: 500 }), "DEADLINE_EXCEEDED", "");
    await refuses(call("ModelInfer", message), "UNAVAILABLE", "Exceeds maximum queue size");
    await waiting;
  });
});

Deno.test("a stream answers its requests in order, with the errors among them", async () => {
  await withServer({}, async (_, { client, model }) => {
    const expected = [...await model.predict(data)];
    const stream = client.ModelStreamInfer();
    const answers: Message[] = [];
    stream.on("data", (answer: Message) => answers.push(answer));
    const ended = new Promise((resolve, reject) => stream.on("end", resolve).on("error", reject));
    for (const name of ["ctr", "none", "ctr"]) {
      stream.write({ model_name: name, id: `${answers.length} ${name}`, inputs: typed(rows) });
    }
    stream.end();
    await ended;
    assertEquals(answers.map(({ error_message }) => error_message), [
      "",
      'Cannot answer: there is no model "none"',
      "",
    ]);
    assertEquals(answers[1].infer_response.id, "0 none");
    for (const at of [0, 2]) assertEquals(numbersOf(answers[at].infer_response.raw_output_contents[0]), expected);
  });
});

Deno.test("a call brings the token in its metadata", async () => {
  await withServer({ token: "secret" }, async (call) => {
    const message = { model_name: "ctr", inputs: typed(rows) };
    assertEquals(await call("ServerLive"), { live: true });
    await refuses(call("ModelInfer", message), "UNAUTHENTICATED", "must bring the bearer token");
    await refuses(call("ModelMetadata", { name: "ctr" }, { token: "secre" }), "UNAUTHENTICATED", "bearer token");
    assertEquals((await call("ModelInfer", message, { token: "secret" })).outputs.length, 2);
  });
});

/** Makes a certificate of this machine, signed by itself; undefined where there is no openssl. */
async function selfSigned(folder: string): Promise<{ cert: string; key: string } | undefined> {
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", ...names];
  const files = ["-keyout", `${folder}/key.pem`, "-out", `${folder}/cert.pem`];
  try {
    const command = new Deno.Command("openssl", { args: [...args, ...files], stdout: "null", stderr: "null" });
    if (!(await command.output()).success) return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const [cert, key] = await Promise.all(["cert", "key"].map((name) => Deno.readTextFile(`${folder}/${name}.pem`)));
  return { cert, key };
}

const tls = await inFolder(selfSigned);

Deno.test({
  name: `gRPC speaks TLS with the certificate of HTTPS${tls ? "" : " (skipped: no openssl makes a certificate)"}`,
  ignore: !tls,
  fn: async () => {
    const trusted = grpc.credentials.createSsl(Buffer.from(tls!.cert));
    await withServer({ tls }, async (call, { model }) => {
      const answer = await call("ModelInfer", { model_name: "ctr", inputs: typed(rows) });
      assertEquals(numbersOf(answer.raw_output_contents[0]), [...await model.predict(data)]);
    }, trusted);
    await withServer({ tls }, async (call) => {
      await refuses(call("ServerLive", {}, { deadlineMs: 3000 }), "UNAVAILABLE", "");
    });
  },
});

Deno.test("a server of gRPC that cannot start leaves nothing behind, and one that stops answers what is there", async () => {
  await withServer({}, async (call, { model, server }) => {
    await assertRejects(
      () => serve(model, { port: 0, grpc: { port: server.grpcPort }, batchSizes: [4] }),
      Error,
      `Cannot serve gRPC: 127.0.0.1:${server.grpcPort} must be free to listen on`,
    );
    const answers = Array.from({ length: 8 }, () => call("ModelInfer", { model_name: "ctr", inputs: typed(rows) }));
    await answers[0];
    await server.shutdown();
    const ended = await Promise.allSettled(answers);
    for (const answer of ended) {
      if (answer.status === "rejected") assertEquals(grpc.status[answer.reason.code], "UNAVAILABLE");
    }
    await refuses(call("ServerLive", {}, { deadlineMs: 2000 }), "UNAVAILABLE", "");
  });
});
