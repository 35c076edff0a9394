/**
 * Requests byte by byte as clients of the protocol send them over a socket, and the answers byte by byte.
 *
 * The requests follow what the protocol's specification and the rules of its Python clients say: JSON without blanks and
 * with escapes for what is not ASCII, `binary_data_output` where no output is named, the header for the length of the
 * JSON only where a tensor is binary, gzip and zlib around all of the body. The packed bodies were written by Python's
 * modules `gzip` and `zlib`. Nothing here uses the client or the helpers that write tensors.
 */
import { lr } from "../../models/lr.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric } from "../../src/data/schema.ts";
import { Model } from "../../src/model.ts";
import { serve } from "../../src/serve/server.ts";
import { assert, assertEquals } from "@std/assert";
import { gpu } from "../support.ts";

/** Bytes of a text in which each unit stands for a byte. */
const bytesOf = (text: string) => Uint8Array.from(text, (unit) => unit.charCodeAt(0));
const textOf = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Each unit stands for a byte. */
  readonly body: string;
}

/** Sends bytes over a connection of its own, and reads what comes until it is closed. */
async function exchange(port: number, request: string): Promise<Answer> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const bytes = bytesOf(request);
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
  const text = textOf(new Uint8Array(await new Response(connection.readable).arrayBuffer()));
  const end = text.indexOf("\r\n\r\n");
  const [status, ...lines] = text.slice(0, end).split("\r\n");
  const headers = new Headers(lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  }));
  return { status: Number(status.split(" ")[1]), headers, body: text.slice(end + 4) };
}

/** Writes a request as clients do: lines of headers, a blank one, the body. */
const post = (path: string, body: string, ...headers: string[]) =>
  [
    `POST ${path} HTTP/1.1`,
    "Host: localhost:8000",
    ...headers,
    `Content-Length: ${body.length}`,
    "Connection: close",
    "",
    body,
  ].join("\r\n");

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost:8000\r\nConnection: close\r\n\r\n`;

const INFER = "/v2/models/clicks/infer";
const LENGTH = "Inference-Header-Content-Length";

// Two rows: user "ü" with price 4, user "a" with price 1.5.
const USER = "\x02\x00\x00\x00\xc3\xbc\x01\x00\x00\x00a";
const PRICE = "\x00\x00\x80\x40\x00\x00\xc0\x3f";
// Logits 0 and 1.75, and the score of the first one.
const LOGITS = "\x00\x00\x00\x00\x00\x00\xe0\x3f";
const HALF = "\x00\x00\x00\x3f";

const USER_INPUT = '{"name":"user","shape":[2,1],"datatype":"BYTES","parameters":{"binary_data_size":11}}';
const PRICE_INPUT = '{"name":"price","shape":[2,1],"datatype":"FP32","parameters":{"binary_data_size":8}}';
const USER_JSON = '{"name":"user","shape":[2],"datatype":"BYTES","data":["\\u00fc","a"]}';
const PRICE_JSON = '{"name":"price","shape":[2,1],"datatype":"FP32","data":[[4.0],[1.5]]}';
const BOTH = `"inputs":[${USER_INPUT},${PRICE_INPUT}]`;

/** The first request below, packed. */
const PACKED = {
  gzip: "H4sIAAAAAAACA6tWykxRslIyV9JRyswrKC0pVrKKrlbKS8xNBYqWFqcWASWKMxILgNxoIx3DWB2llMSSxJJKkICSU2SIazBQQUFiEVBDSWoR" +
    "UHe1UlJmXmJRZTxIXXxxZhVQoaFhba0O3NSCoszkVHzGugUYGxFhqkVtbSw+VfmlJUAPKVmVFJWm1tYyMTAwHN7DCCQTGRgaHBgYDtgDAFMN" +
    "HJH8AAAA",
  deflate:
    "eJyrVspMUbJSMlfSUcrMKygtKVayiq5WykvMTQWKlhanFgElijMSC4DcaCMdw1gdpZTEksSSSpCAklNkiGswUEFBYhFQQ0lqEVB3tVJSZl5i" +
    "UWU8SF18cWYVUKGhYW2tDtzUgqLM5FR8xroFGBsRYapFbW0sPlX5pSVADylZlRSVptbWMjEwMBzewwgkExkYGhwYGA7YAwBfelJI",
};

interface Golden {
  readonly name: string;
  readonly request: string;
  /** Status of the answer. @default {200} */
  readonly status?: number;
  /** Its JSON. */
  readonly json: string;
  /** The bytes behind it, where an output is binary. */
  readonly bytes?: string;
}

const binary = (json: string, bytes: string) => post(INFER, json + bytes, `${LENGTH}: ${json.length}`);

// What stands for the score of the second row, whose last bit a device may round in its own way.
const SECOND = "\x01\x02\x03\x04";
const SECOND_JSON = "$score";

const HEAD = '{"model_name":"clicks","model_version":"1"';
const SCORE = '{"name":"score","datatype":"FP32","shape":[2,1],"parameters":{"binary_data_size":8}}';
const LOGIT = '{"name":"logit","datatype":"FP32","shape":[2,1],"parameters":{"binary_data_size":8}}';
const SCORE_JSON = `{"name":"score","datatype":"FP32","shape":[2,1],"data":[0.5,${SECOND_JSON}]}`;
const LOGIT_JSON = '{"name":"logit","datatype":"FP32","shape":[2,1],"data":[0,1.75]}';

const FIRST = `{"id":"7",${BOTH},"parameters":{"binary_data_output":true}}`;
const FIRST_ANSWER = { json: `${HEAD},"id":"7","outputs":[${SCORE},${LOGIT}]}`, bytes: HALF + SECOND + LOGITS };

const packed = (encoding: keyof typeof PACKED) =>
  post(INFER, atob(PACKED[encoding]), `Content-Encoding: ${encoding}`, `${LENGTH}: ${FIRST.length}`);

const BINARY: readonly Golden[] = [
  { name: "all inputs in binary, no output named", request: binary(FIRST, USER + PRICE), ...FIRST_ANSWER },
  { name: "gzip around all of the body", request: packed("gzip"), ...FIRST_ANSWER },
  { name: "deflate, which is zlib, around all of the body", request: packed("deflate"), ...FIRST_ANSWER },
  {
    name: "outputs that say whether they are binary",
    request: binary(
      `{"id":"7",${BOTH},"outputs":[{"name":"logit","parameters":{"binary_data":true}},` +
        '{"name":"score","parameters":{"binary_data":false}}]}',
      USER + PRICE,
    ),
    json: `${HEAD},"id":"7","outputs":[${LOGIT},${SCORE_JSON}]}`,
    bytes: LOGITS,
  },
  {
    name: "an output that says other than binary_data_output",
    request: binary(
      `{${BOTH},"outputs":[{"name":"logit","parameters":{"binary_data":false}},{"name":"score"}],` +
        '"parameters":{"binary_data_output":true}}',
      USER + PRICE,
    ),
    json: `${HEAD},"outputs":[${LOGIT_JSON},${SCORE}]}`,
    bytes: HALF + SECOND,
  },
  {
    name: "inputs in JSON without the header, outputs in binary",
    request: post(INFER, `{"inputs":[${USER_JSON},${PRICE_JSON}],"parameters":{"binary_data_output":true}}`),
    json: `${HEAD},"outputs":[${SCORE},${LOGIT}]}`,
    bytes: HALF + SECOND + LOGITS,
  },
];

const LONGS = '{"name":"price","shape":[2,1],"datatype":"INT64","parameters":{"binary_data_size":16}}';

const JSON_ANSWERS: readonly Golden[] = [
  {
    name: "one input in JSON and one in binary, and a time limit",
    request: binary(
      `{"inputs":[${USER_JSON},${PRICE_INPUT}],"outputs":[{"name":"logit"}],"parameters":{"timeout":5000000}}`,
      PRICE,
    ),
    json: `${HEAD},"outputs":[${LOGIT_JSON}]}`,
  },
  {
    name: "all in JSON, with an id and parameters that are not the server's, at a version",
    request: post(
      "/v2/models/clicks/versions/1/infer",
      `{"id":"a b","inputs":[${USER_JSON},${PRICE_JSON}],"parameters":{"priority":3,"mine":"x"}}`,
      "Content-Type: application/json",
    ),
    json: `${HEAD},"id":"a b","outputs":[${SCORE_JSON},${LOGIT_JSON}]}`,
  },
  {
    name: "integers of 64 bits for a number",
    request: binary(
      `{"inputs":[${USER_INPUT},${LONGS}],"outputs":[{"name":"logit"}]}`,
      `${USER}\x04${"\0".repeat(7)}\xfe${"\xff".repeat(7)}`,
    ),
    json: `${HEAD},"outputs":[${LOGIT_JSON.replace("1.75", "0")}]}`,
  },
];

const error = (status: number, message: string) => ({ status, json: JSON.stringify({ error: message }) });

const ERRORS: readonly Golden[] = [
  {
    name: "a name in percent signs that is not there",
    request: post("/v2/models/two%20words/infer", FIRST, `${LENGTH}: ${FIRST.length}`),
    ...error(404, 'Cannot answer: there is no model "two words"'),
  },
  {
    name: "an output that is not there",
    request: post(INFER, `{"inputs":[${USER_JSON},${PRICE_JSON}],"outputs":[{"name":"x"}]}`),
    ...error(400, 'Cannot answer: outputs are "score", "logit", received "x"'),
  },
  {
    name: "an input that is missing",
    request: post(INFER, `{"inputs":[${USER_JSON}]}`),
    ...error(400, 'Cannot read the request: input "price" is missing'),
  },
  {
    name: "a header that is longer than the body",
    request: post(INFER, "{}", `${LENGTH}: 3`),
    ...error(
      400,
      'Cannot read the request: inference-header-content-length must be 1 to 2, the bytes of the body, received "3"',
    ),
  },
  {
    name: "a text whose length goes past its tensor",
    request: binary(`{"inputs":[${USER_INPUT},${PRICE_INPUT}]}`, `\x09${USER.slice(1)}${PRICE}`),
    ...error(400, 'Cannot read input "user": it must end with its last text, received 11 bytes that end in it'),
  },
  { name: "an address that is not there", request: get("/v2/x"), ...error(404, "Not Found") },
];

const clicks = Array.from({ length: 8 }, (_, r) => ({ user: ["a", "ü"][r % 2], price: r, click: r % 2 }));
const data = readRows(clicks, { label: "click", features: [categorical("user"), numeric("price")] });

Deno.test("the server answers clients of the protocol byte by byte", async (t) => {
  await using model = await Model.create(lr(), data.schema, { device: await gpu() });
  // Weights of an unseen user, "a", "ü" and the price.
  model.setParameters({
    "linear.bias": { shape: [1], data: Float32Array.of(0) },
    linear: { shape: [4, 1], data: Float32Array.of(0, 1, -2, 0.5) },
  });
  const [, score] = await model.predict(readRows([{ user: "ü", price: 4 }, { user: "a", price: 1.5 }], data.schema));
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, score, true);
  const scoreBytes = textOf(new Uint8Array(view.buffer));
  await using server = await serve(model, { port: 0, batchSizes: [4], name: "clicks", processor: "never" });
  for (const { name, request, status = 200, json, bytes = "" } of [...BINARY, ...JSON_ANSWERS, ...ERRORS]) {
    await t.step(name, async () => {
      const [front, behind] = [json.replace(SECOND_JSON, () => `${score}`), bytes.replace(SECOND, () => scoreBytes)];
      const answer = await exchange(server.port, request);
      assertEquals(answer.body, front + behind);
      assertEquals([answer.status, answer.headers.get("content-length")], [status, `${answer.body.length}`]);
      assertEquals(answer.headers.get(LENGTH), bytes === "" ? null : `${front.length}`);
      const type = bytes === "" ? "application/json" : "application/octet-stream";
      assertEquals(answer.headers.get("content-type"), type);
    });
  }
  await t.step("an answer that a client wants packed says how it is", async () => {
    const json = `{"inputs":[${USER_JSON},${PRICE_JSON}]}`;
    const plain = await exchange(server.port, post(INFER, json));
    for (const encoding of ["gzip", "deflate"] as const) {
      const { status, headers, body } = await exchange(
        server.port,
        post(INFER, json, `Accept-Encoding: ${encoding}`),
      );
      assertEquals(status, 200);
      const packing = headers.get("content-encoding");
      assert(packing === null || packing === encoding, `${packing}`);
      assertEquals(packing === null ? body : await unpack(body, encoding), plain.body);
    }
  });
});

async function unpack(body: string, encoding: CompressionFormat): Promise<string> {
  const stream = new Blob([bytesOf(body)]).stream().pipeThrough(new DecompressionStream(encoding));
  return textOf(new Uint8Array(await new Response(stream).arrayBuffer()));
}
