/** The OpenAPI document is valid, names each address of the server, and tells the truth about its answers. */
import { Validator } from "npm:@seriousme/openapi-schema-validator@2.11.0";
import { Ajv2020 } from "npm:ajv@8.20.0/dist/2020.js";
import { models } from "../../models/mod.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric } from "../../src/data/schema.ts";
import { Model } from "../../src/model.ts";
import { createHandler, routesOf } from "../../src/serve/handler.ts";
import { Monitoring } from "../../src/serve/monitoring.ts";
import { OPENAPI } from "../../src/serve/openapi/document.ts";
import { ServedModel } from "../../src/serve/served_model.ts";
import { Repository } from "../../src/serve/repository.ts";
import type { Route } from "../../src/serve/route.ts";
import { Service } from "../../src/serve/service.ts";
import { assert, assertEquals } from "@std/assert";
import { gpu } from "../support.ts";
import { CREATIVES, drawCreatives } from "../survival_data.ts";

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: { readonly $ref?: string } }>>;
}

interface Operation {
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content & { readonly $ref?: string }>>;
}

const paths = OPENAPI.paths as Readonly<Record<string, Readonly<Record<string, Operation>>>>;

const operations = Object.entries(paths).flatMap(([path, item]) =>
  ["get", "post"].filter((method) => method in item).map((method) => `${method.toUpperCase()} ${path}`)
);

/** Returns the addresses that a route answers, with names in place of its groups. */
function templatesOf({ method, path }: Route): string[] {
  const plain = path.source.replace(/^\^/, "").replace(/\$$/, "").replaceAll("\\/", "/").replaceAll("\\.", ".").replace(
    /\/\?$/,
    "",
  );
  const named = plain.replace(/\(\?<(\w+)>[^)]*\)/g, "{$1}");
  const optional = /\(\?:([^)]*)\)\?/;
  const both = optional.test(named) ? [named.replace(optional, ""), named.replace(optional, "$1")] : [named];
  return both.map((template) => `${method} ${template}`);
}

Deno.test("the document is valid OpenAPI 3.1", async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(OPENAPI));
  assert(valid, JSON.stringify(errors));
});

Deno.test("the document has each address of the server, and no other", async () => {
  const { routes } = await Monitoring.open(new Service());
  // The page's own files are for browsers.
  const ofPage = ({ path }: Route) => path.test("/") || path.source.startsWith("^\\/status");
  const told = routesOf({ routes: routes.filter((route) => !ofPage(route)) });
  assertEquals([...operations].sort(), told.flatMap(templatesOf).sort());
});

/** Refuses keys that a schema with properties does not name, so that no answer has more than the document tells. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const parts = Object.entries(schema).map(([key, part]) => [key, closed(part)]);
  return { ...("properties" in schema && { additionalProperties: false }), ...Object.fromEntries(parts) };
}

const ajv = new Ajv2020({ strict: false });
ajv.addSchema({ $id: "weft", components: closed(OPENAPI.components) });

function validate(schema: { readonly $ref?: string } | undefined, value: unknown, label: string): void {
  assert(schema?.$ref !== undefined, `${label}: no schema`);
  const check = ajv.getSchema(`weft${schema.$ref}`)!;
  assert(check(value) as boolean, `${label}: ${JSON.stringify(value)}: ${JSON.stringify(check.errors)}`);
}

const clicks = Array.from({ length: 8 }, (_, r) => ({ user: `u${r % 3}`, price: r, click: r % 2, buy: +(r % 3 > 0) }));
const features = [categorical("user"), numeric("price")];
const row = { user: "u1", price: 1.5 };
const creative = { format: "f1", topic: "t1", market: "m1" };
const inputs = [
  { name: "user", datatype: "BYTES", shape: [1], data: ["u1"] },
  { name: "price", datatype: "FP32", shape: [1, 1], data: [[1]] },
];

/** Requests that are answered, by the operation that the document has for them. */
const REQUESTS: readonly (readonly [operation: string, path: string, body?: unknown])[] = [
  ["GET /v2", "/v2"],
  ["GET /v2/health/live", "/v2/health/live"],
  ["GET /v2/health/ready", "/v2/health/ready"],
  ["GET /v2/models", "/v2/models"],
  ["GET /v2/models/{model}", "/v2/models/times"],
  ["GET /v2/models/{model}/versions/{version}", "/v2/models/one/versions/1"],
  ["GET /v2/models/{model}/ready", "/v2/models/one/ready"],
  ["GET /v2/models/{model}/versions/{version}/ready", "/v2/models/one/versions/1/ready"],
  ["GET /v2/models/{model}/config", "/v2/models/times/config"],
  ["GET /v2/models/{model}/versions/{version}/config", "/v2/models/one/versions/1/config"],
  ["POST /v2/models/{model}/infer", "/v2/models/one/infer", { id: "7", inputs, parameters: { timeout: 0 } }],
  ["POST /v2/models/{model}/versions/{version}/infer", "/v2/models/one/versions/1/infer", {
    ...{ inputs, outputs: [{ name: "logit", parameters: { binary_data: false } }] },
  }],
  ["POST /v1/predict", "/v1/predict", { model: "one", rows: [row, row] }],
  ["POST /v1/predict", "/v1/predict", { model: "two", version: "1", rows: [row] }],
  ["POST /v1/predict", "/v1/predict", { model: "times", rows: [creative] }],
  ["POST /v1/rank", "/v1/rank", { model: "two", context: { user: "u1" }, candidates: [{ price: 1 }], task: "buy" }],
  ["POST /v1/rank", "/v1/rank", {
    ...{ model: "one", context: { user: "u1" }, candidates: [{ price: 1 }, { price: 2 }] },
    explore: { kind: "plackett_luce", temperature: 2, seed: 3 },
  }],
  ["POST /v1/models/{model}:predict", "/v1/models/one:predict", { instances: [row] }],
  ["POST /v1/models/{model}:predict", "/v1/models/two:predict", { instances: [row] }],
  ["POST /v1/models/{model}/versions/{version}:predict", "/v1/models/two/versions/1:predict", {
    inputs: { user: ["u1"], price: [2] },
  }],
  ["GET /v1/status", "/v1/status?since=0"],
  ["GET /v1/models/{model}", "/v1/models/one"],
  ["GET /v1/models/{model}/versions/{version}", "/v1/models/one/versions/1"],
  ["GET /v2/models/stats", "/v2/models/stats"],
  ["GET /v2/models/{model}/stats", "/v2/models/one/stats"],
  ["GET /v2/models/{model}/versions/{version}/stats", "/v2/models/one/versions/1/stats"],
  ["POST /v2/repository/index", "/v2/repository/index", { ready: true }],
  ["POST /v1/models/{model}/rollout", "/v1/models/one/rollout", {
    ...{ canary: { version: "2", share: 0.5, by: "user" }, shadow: { version: "2", share: 1 } },
  }],
  ["POST /v1/predict", "/v1/predict", { model: "one", rows: [row] }],
  ["GET /v1/models/{model}/rollout", "/v1/models/one/rollout"],
  ["POST /v1/models/{model}/promote", "/v1/models/one/promote", { version: "2" }],
  ["POST /v1/models/{model}/rollback", "/v1/models/one/rollback", {}],
  ["POST /v2/repository/models/{model}/load", "/v2/repository/models/one/load", {}],
  ["POST /v2/repository/models/{model}/unload", "/v2/repository/models/one/unload", {
    parameters: { unload_dependents: true },
  }],
];

/** Addresses whose answers are no JSON with a schema by name. */
const OTHERS = ["GET /metrics", "GET /openapi.json"];

/** Requests that are refused, by the operation that the document has for them. */
const REFUSED: readonly (readonly [operation: string, path: string, body?: unknown])[] = [
  ["GET /v2/models/{model}", "/v2/models/none"],
  ["POST /v1/predict", "/v1/predict", { rows: 1 }],
  ["POST /v2/models/{model}/infer", "/v2/models/one/infer", { inputs: [] }],
];

Deno.test("each address answers as the document says", async () => {
  const device = await gpu();
  const open = async (name: string, slug: string, { schema }: ReturnType<typeof readRows>, version = "1") => {
    const options = { dim: 4, hidden: [4], tower: [4], experts: 2 };
    const model = await Model.create(models[slug](options), schema, { device });
    return await ServedModel.open(model, { name, version, batchSizes: [4], owned: model });
  };
  const oneLabel = readRows(clicks, { label: "click", features }, { unknown: "ignore" });
  const twoLabels = readRows(clicks, { labels: ["click", "buy"], features });
  const service = new Service();
  service.set(await open("one", "deepfm", oneLabel));
  service.set(await open("two", "mmoe", twoLabels));
  service.set(await open("times", "survival", drawCreatives(32, 1, { schema: CREATIVES }).data));
  const repository = new Repository(service, {
    list: () => Promise.resolve(["1", "2"].map((version) => ({ name: "one", version, path: "one.weft" }))),
    open: ({ version }) => open("one", "deepfm", oneLabel, version),
  });
  const { routes } = await Monitoring.open(service);
  const handler = createHandler(service, { repository, routes });
  const ask = async (method: string, path: string, body: unknown) =>
    await handler(
      new Request(`http://localhost${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) }),
    );
  try {
    for (const [name, path, body] of REQUESTS) {
      const [method, template] = name.split(" ");
      const { requestBody, responses } = paths[template][method.toLowerCase()];
      if (body !== undefined) validate(requestBody?.content?.["application/json"].schema, body, `${name}, request`);
      const response = await ask(method, path, body);
      const answer = await response.json();
      assertEquals(response.status, 200, `${name}: ${JSON.stringify(answer)}`);
      validate(responses[200].content?.["application/json"].schema, answer, name);
    }
    assertEquals([...new Set(REQUESTS.map(([name]) => name)), ...OTHERS].sort(), [...operations].sort());
    for (const [name, path, body] of REFUSED) {
      const response = await ask(name.split(" ")[0], path, body);
      assert(response.status >= 400, name);
      validate({ $ref: "#/components/schemas/Error" }, await response.json(), name);
    }
    const { info } = await (await ask("GET", "/openapi.json", undefined)).json();
    assertEquals(info.title, "Weft");
  } finally {
    await service.endRollouts();
    for (const model of service.models) await model[Symbol.asyncDispose]();
  }
});
