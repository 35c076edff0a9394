import { assertEquals, assertStringIncludes } from "@std/assert";
import { models } from "../../models/mod.ts";
import { categorical, cross, dateParts, Model, numeric, pastCount, pastRate, readRows, type Row } from "../../mod.ts";
import { DriftMonitor } from "../../src/serve/drift.ts";
import type { RequestSuccess, ServedModel } from "../../src/serve/served_model.ts";
import { serve } from "../../src/serve/server.ts";
import { gpu } from "../support.ts";

const HOUR = 3600;
const clicks = Array.from({ length: 60 }, (_, row) => ({
  ...{ y: row % 3 === 0 ? 1 : 0, user: `u${row % 7}`, item: `i${row % 4}`, price: row / 10 },
  time: row * 5 * HOUR,
}));

const { schema } = readRows(clicks, {
  label: "y",
  time: "time",
  features: [
    categorical("user", { hashBuckets: 30 }),
    numeric("price"),
    cross(["user", "item"]),
    ...dateParts("time", { parts: ["hour", "weekday"] }),
    pastRate(["user", "item"], { smoothing: 2 }),
    pastCount("item", { window: 24 * HOUR }),
  ],
});

Deno.test("a server is sent the raw columns of derived features, by each of its protocols", async () => {
  await using model = await Model.create(models.deepfm({ dim: 4, hidden: [8] }), schema, { device: await gpu() });
  await using server = await serve(model, { port: 0, name: "clicks", processor: "never" });
  const post = async (path: string, body: unknown) => {
    const response = await fetch(`http://localhost:${server.port}${path}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  };
  const rows: Row[] = [
    { user: "u1", item: "i2", price: 1, time: 7200 },
    { user: "new", item: "i0", price: 2, time: "2026-11-27 10:00:00" },
    { user: "u1", item: "new", price: 3, time: 0 },
  ];
  const expected = [...await model.predict(readRows(rows, schema))];

  const predicted = await post("/v1/predict", { rows });
  assertEquals([predicted.status, predicted.body.scores], [200, expected]);

  const shared = { user: "u1", time: 7200 };
  const candidates = rows.map(({ item, price }) => ({ item, price }));
  const ranked = await post("/v1/rank", { context: shared, candidates });
  const scores = [...await model.predict(readRows(candidates.map((row) => ({ ...shared, ...row })), schema))];
  assertEquals(ranked.status, 200, JSON.stringify(ranked.body));
  for (const { index, score } of ranked.body.results) assertEquals(score, scores[index]);

  const metadata = await (await fetch(`http://localhost:${server.port}/v2/models/clicks`)).json();
  assertEquals(metadata.inputs.map(({ name }: { name: string }) => name), ["user", "price", "item", "time"]);
  const tensor = (name: string, datatype: string) => ({
    ...{ name, datatype, shape: [3] },
    data: rows.map((row) => datatype === "BYTES" ? `${row[name]}` : row[name]),
  });
  const inputs = [tensor("user", "BYTES"), tensor("item", "BYTES"), tensor("price", "FP32"), tensor("time", "BYTES")];
  const inferred = await post("/v2/models/clicks/infer", { inputs });
  assertEquals(inferred.status, 200, JSON.stringify(inferred.body));
  assertEquals(inferred.body.outputs[0].data, expected);

  const wrong = await post("/v1/predict", { rows: [{ ...rows[0], time: "noon" }] });
  assertStringIncludes(wrong.body.error, 'Cannot read row 0: field "time_hour": expected a number of seconds');
  assertEquals(wrong.status, 400);
});

Deno.test("a server is sent the raw columns of crosses of hours and buckets", async () => {
  const features = [
    cross(["time_hour", "item"]),
    cross(["price", "item"]),
    cross(["time_hour", "price"], { hashBuckets: 50 }),
    numeric("price", { buckets: 4 }),
    ...dateParts("time", { parts: ["hour"] }),
  ];
  const { schema } = readRows(clicks, { label: "y", features }, { unknown: "ignore" });
  await using model = await Model.create(models.fm({ dim: 4 }), schema, { device: await gpu() });
  await using server = await serve(model, { port: 0, name: "clicks", processor: "never" });
  const post = async (path: string, body: unknown) => {
    const sent = { method: "POST", body: JSON.stringify(body) };
    const response = await fetch(`http://localhost:${server.port}${path}`, sent);
    return { status: response.status, body: await response.json() };
  };
  const rows: Row[] = [
    { item: "i0", price: 0, time: 0 },
    { item: "i3", price: 99, time: "1970-01-02 15:00" },
    { item: "new", price: 3, time: 7 },
  ];
  const data = readRows(rows, schema);
  // What is asked for is known to each of the crosses that have a vocabulary.
  assertEquals([0, 1].map((f) => [...data.ids.subarray(3 * f, 3 * f + 2)].includes(schema.fields[f].offset)), [
    false,
    false,
  ]);
  const expected = [...await model.predict(data)];
  const predicted = await post("/v1/predict", { rows });
  assertEquals([predicted.status, predicted.body.scores], [200, expected]);
  const context = { price: 99, time: "1970-01-02 15:00" };
  const candidates = [{ item: "i1" }, { item: "i3" }];
  const ranked = await post("/v1/rank", { context, candidates });
  const scores = await model.predict(readRows(candidates.map((row) => ({ ...context, ...row })), schema));
  for (const { index, score } of ranked.body.results) assertEquals(score, scores[index]);
  const { inputs } = await (await fetch(`http://localhost:${server.port}/v2/models/clicks`)).json();
  assertEquals(inputs.map(({ name, datatype }: { name: string; datatype: string }) => [name, datatype]), [
    ["time", "BYTES"],
    ["item", "BYTES"],
    ["price", "FP32"],
  ]);
  const wrong = await post("/v1/predict", { rows: [{ ...rows[0], price: "cheap" }] });
  assertStringIncludes(wrong.body.error, 'field "price*item": expected a finite number, received "cheap"');
  assertEquals(wrong.status, 400);
});

Deno.test("a cross of what all candidates have in common is counted once a request", () => {
  const features = [cross(["user", "time"], { name: "shared" }), cross(["user", "item"])];
  const { schema } = readRows(clicks, { label: "y", features }, { unknown: "ignore" });
  const monitor = new DriftMonitor();
  const model = { name: "clicks", version: "1", tasks: ["y"], schema } as unknown as ServedModel;
  const rows = ["i0", "i1", "i2"].map((item) => ({ user: "u1", time: 7200, item }));
  const scores = [{ scores: new Float32Array(3), logits: new Float32Array(3) }];
  const given = { rows: () => rows, shared: new Set(["user", "time"]) };
  monitor.onSuccess(model, { data: readRows(rows, schema), scores, ms: 1, queueMs: 0, given } as RequestSuccess);
  assertEquals(monitor.report(model).fields.map(({ count }) => count), [1, 3]);
});
