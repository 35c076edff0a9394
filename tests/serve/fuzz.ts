/**
 * Sends a server requests that are damaged in ways that depend on a seed alone.
 *
 *     deno run -A tests/serve/fuzz.ts [--requests 100000] [--seed 1]
 *
 * Each must be answered with a status that says whose fault it is: the server's never.
 *
 * @module
 */
import { categorical, deepfm, Model, numeric, readRows, sequence } from "../../mod.ts";
import { createHandler } from "../../src/serve/handler.ts";
import { ServedModel } from "../../src/serve/served_model.ts";
import { Service } from "../../src/serve/service.ts";
import { parseArgs } from "../../src/std.ts";
import { floats, join, texts } from "./wire.ts";

/** Statuses that a damaged request may have. */
const ANSWERS = [200, 400, 404, 405, 408, 413, 415, 431];

/** Draws numbers that depend on the seed alone. */
class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 0x9e3779b9 + 1) >>> 0;
  }

  /** An integer from 0 to below `end`. */
  below(end: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state >>> 8) / 2 ** 24 * end);
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }
}

/** Values that are odd in JSON. */
const ODD: readonly unknown[] = [
  ...[null, true, "", "a", "\u0000", "\ud800", "x".repeat(5000), 0, -1, 1.5, 1e308, -1e308, 2 ** 53, 2 ** 64, 1e-320],
  ...[[], [[]], [null], {}, { a: 1 }, JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"constructor":1}')],
  ...["__proto__", "constructor", "toString", "../../x", "NaN", "Infinity", "1e999", "٣"],
];

/** Replaces, drops or adds one value anywhere in a value of JSON. */
function damage(value: unknown, draw: Draw): unknown {
  if (typeof value !== "object" || value === null || draw.below(4) === 0) return draw.of(ODD);
  if (Array.isArray(value)) {
    const copy = [...value];
    const at = draw.below(copy.length + 1);
    if (at === copy.length) copy.push(draw.of(ODD));
    else if (draw.below(4) === 0) copy.splice(at, 1);
    else copy[at] = damage(copy[at], draw);
    return copy;
  }
  const entries = Object.entries(value);
  const at = draw.below(entries.length + 1);
  if (at === entries.length) return Object.fromEntries([...entries, [String(draw.of(ODD)), draw.of(ODD)]]);
  if (draw.below(4) === 0) return Object.fromEntries(entries.filter((_, i) => i !== at));
  return Object.fromEntries(entries.map(([key, part], i) => [key, i === at ? damage(part, draw) : part]));
}

/** Cuts, lengthens or changes bytes. */
function damageBytes(bytes: Uint8Array<ArrayBuffer>, draw: Draw): Uint8Array<ArrayBuffer> {
  const kind = draw.below(4);
  if (kind === 0) return bytes.slice(0, draw.below(bytes.length + 1));
  if (kind === 1) return join(bytes, new Uint8Array(draw.below(20)));
  const copy = bytes.slice();
  for (let i = 0; i <= draw.below(4) && copy.length > 0; i++) copy[draw.below(copy.length)] = draw.below(256);
  return copy;
}

const row = { user: "u1", price: 1.5, history: ["i1", "i2"] };
const user = texts("u1", "u2");
const price = floats(1, 2);
const INPUTS = [
  { name: "user", shape: [2], datatype: "BYTES", data: ["u1", "u2"] },
  { name: "price", shape: [2, 1], datatype: "FP32", data: [1, 2] },
  { name: "history", shape: [2, 2], datatype: "BYTES", data: ["i1", "", "i2", "i1"] },
];
const BINARY = {
  inputs: [
    { name: "user", shape: [2], datatype: "BYTES", parameters: { binary_data_size: user.length } },
    { name: "price", shape: [2], datatype: "FP32", parameters: { binary_data_size: price.length } },
  ],
  parameters: { binary_data_output: true },
};

/** Requests that are answered as they are, by path. */
const VALID: readonly { readonly path: string; readonly json: unknown; readonly binary?: Uint8Array }[] = [
  { path: "/v1/predict", json: { rows: [row, row] } },
  { path: "/v1/rank", json: { context: { user: "u1" }, candidates: [{ price: 1 }, { price: 2 }], top: 1 } },
  { path: "/v1/models/clicks:predict", json: { instances: [row] } },
  { path: "/v1/models/clicks:predict", json: { inputs: { user: ["u1"], price: [1] } } },
  { path: "/v2/models/clicks/infer", json: { id: "1", inputs: INPUTS, outputs: [{ name: "score" }] } },
  { path: "/v2/models/clicks/infer", json: BINARY, binary: join(user, price) },
  { path: "/v2/repository/index", json: { ready: true } },
  { path: "/v2/repository/models/clicks/load", json: {} },
];

function drawRequest(draw: Draw): Request {
  const { path, json, binary } = draw.of(VALID);
  let text = JSON.stringify(json);
  for (let i = draw.below(3); i > 0; i--) text = JSON.stringify(damage(JSON.parse(text), draw)) ?? "";
  if (draw.below(50) === 0) text = `${"[".repeat(1000 * draw.below(100))}${text}`;
  const header = new TextEncoder().encode(text);
  const whole = binary ? join(header, binary) : header;
  const body = draw.below(3) === 0 ? damageBytes(whole, draw) : whole;
  const headers = new Headers();
  if (binary || draw.below(10) === 0) {
    const length = draw.below(5) === 0
      ? draw.of(["", "0", "-1", "x", "1e9", "99999999999999999999"])
      : `${header.length}`;
    headers.set("inference-header-content-length", length);
  }
  if (draw.below(20) === 0) headers.set("content-encoding", draw.of(["gzip", "deflate", "br", "x"]));
  if (draw.below(50) === 0) headers.set("x-long", "x".repeat(draw.below(40_000)));
  const address = draw.below(20) === 0
    ? draw.of(["/", "/v2/models/%ff/infer", "/v2//", "/v2/models/none/infer"])
    : path;
  const method = draw.below(20) === 0 ? draw.of(["GET", "PUT", "DELETE"]) : "POST";
  return new Request(`http://localhost${address}`, { method, headers, ...(method !== "GET" && { body }) });
}

/**
 * Sends damaged requests.
 *
 * @returns how many were answered with each status
 * @throws {Error} when a status is the server's fault
 */
export async function fuzz(
  requests: number,
  seed: number,
  device?: GPUDevice,
): Promise<Map<number, number>> {
  const rows = Array.from({ length: 8 }, (_, r) => ({
    ...{ click: r % 2, user: `u${r % 3}`, price: r, history: [`i${r % 2}`] },
  }));
  const features = [categorical("user"), numeric("price"), sequence("history", { maxLength: 2, combiner: "mean" })];
  const { schema } = readRows(rows, { label: "click", features });
  await using model = await Model.create(deepfm({ dim: 4, hidden: [4] }), schema, { device });
  await using served = await ServedModel.open(model, { name: "clicks", batchSizes: [4] });
  const service = new Service();
  service.set(served);
  const errors: unknown[] = [];
  const handler = createHandler(service, { maxBodyBytes: 100_000, onError: (error) => errors.push(error) });
  const draw = new Draw(seed);
  const counts = new Map<number, number>();
  for (let i = 0; i < requests; i++) {
    const response = await handler(drawRequest(draw));
    await response.text();
    counts.set(response.status, (counts.get(response.status) ?? 0) + 1);
    if (ANSWERS.includes(response.status)) continue;
    throw new Error(`request ${i} of seed ${seed} was answered with ${response.status}`, { cause: errors[0] });
  }
  return counts;
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, { string: ["requests", "seed"] });
  const counts = await fuzz(Number(options.requests ?? 100_000), Number(options.seed ?? 1));
  for (const [status, count] of [...counts].sort(([a], [b]) => a - b)) console.log(`${status}  ${count}`);
  Deno.exit(0);
}
