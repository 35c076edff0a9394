import { assertEquals, assertThrows } from "@std/assert";
import { RequestError } from "../../src/serve/error.ts";
import { formatInfer, parseInfer } from "../../src/serve/infer.ts";
import { decodeBinary } from "../../src/serve/tensor.ts";
import { floats, join, longs, numbers, texts } from "./wire.ts";

const refuses = (body: Uint8Array | string, headerLength: string | null, message: string) => {
  const bytes = typeof body === "string" ? join(body) : body;
  const error = assertThrows(() => parseInfer(bytes, headerLength), RequestError, message);
  assertEquals(error.status, 400);
};

/** Reads a request with its elements as lists, whatever they are kept in. */
const parse = (body: Uint8Array, headerLength: string | null) => {
  const request = parseInfer(body, headerLength);
  return { ...request, inputs: request.inputs.map((input) => ({ ...input, elements: [...input.elements] })) };
};

const of = (input: unknown) => JSON.stringify({ inputs: [input] });

Deno.test("a request in JSON has nested or flat data of every type", () => {
  const body = join(JSON.stringify({
    id: "42",
    parameters: { binary_data_output: true, timeout: 1500 },
    inputs: [
      { name: "user", shape: [2, 1], datatype: "BYTES", data: [["a"], ["ü"]] },
      { name: "price", shape: [2], datatype: "FP32", data: [1.5, 2] },
      { name: "history", shape: [2, 2], datatype: "INT64", data: [[1, 2], [3, -4]] },
      { name: "seen", shape: [2], datatype: "BOOL", data: [true, false] },
    ],
    outputs: [{ name: "score", parameters: { binary_data: false } }, { name: "logit" }],
  }));
  assertEquals(parse(body, null), {
    id: "42",
    inputs: [
      { name: "user", shape: [2, 1], datatype: "BYTES", elements: ["a", "ü"] },
      { name: "price", shape: [2], datatype: "FP32", elements: [1.5, 2] },
      { name: "history", shape: [2, 2], datatype: "INT64", elements: [1, 2, 3, -4] },
      { name: "seen", shape: [2], datatype: "BOOL", elements: [true, false] },
    ],
    outputs: [{ name: "score", isBinary: false }, { name: "logit" }],
    isBinary: true,
    timeoutMs: 1.5,
  });
});

Deno.test("a request of the Python client has binary tensors behind its JSON", () => {
  // The client writes separators without blanks, and asks for all outputs in binary where none is named.
  const header = '{"inputs":[{"name":"user","shape":[2,1],"datatype":"BYTES","parameters":{"binary_data_size":11}},' +
    '{"name":"price","shape":[2,1],"datatype":"FP32","parameters":{"binary_data_size":8}}],' +
    '"parameters":{"binary_data_output":true}}';
  const user = new Uint8Array([1, 0, 0, 0, 0x61, 2, 0, 0, 0, 0xc3, 0xbc]);
  const price = new Uint8Array([0, 0, 0xc0, 0x3f, 0, 0, 0, 0x40]);
  assertEquals([texts("a", "ü"), floats(1.5, 2)], [user, price]);
  assertEquals(parse(join(header, user, price), `${header.length}`), {
    inputs: [
      { name: "user", shape: [2, 1], datatype: "BYTES", elements: ["a", "ü"] },
      { name: "price", shape: [2, 1], datatype: "FP32", elements: [1.5, 2] },
    ],
    isBinary: true,
  });
});

Deno.test("binary tensors of every type are read", () => {
  const read = (
    datatype: Parameters<typeof decodeBinary>[1],
    bytes: Uint8Array,
    count: number,
  ) => [...decodeBinary("input", datatype, bytes, count)];
  assertEquals(read("INT64", longs(2n ** 60n, -1n), 2), [2n ** 60n, -1n]);
  assertEquals(read("UINT64", longs(-1n), 1), [2n ** 64n - 1n]);
  assertEquals(read("BOOL", new Uint8Array([0, 1]), 2), [false, true]);
  assertEquals(read("UINT8", new Uint8Array([255]), 1), [255]);
  assertEquals(read("INT8", new Uint8Array([255]), 1), [-1]);
  assertEquals(read("UINT16", new Uint8Array([1, 2]), 1), [0x201]);
  assertEquals(read("INT16", new Uint8Array([0, 0x80]), 1), [-32768]);
  assertEquals(read("UINT32", new Uint8Array([0, 0, 0, 0x80]), 1), [2 ** 31]);
  assertEquals(read("INT32", new Uint8Array([0, 0, 0, 0x80]), 1), [-(2 ** 31)]);
  assertEquals(read("FP64", numbers(8, [0.1], (view, at, value) => view.setFloat64(at, value, true)), 1), [0.1]);
  assertEquals(read("BYTES", texts("", "\ufeffx"), 2), ["", "\ufeffx"]);
  for (const names of [["a", "", "bc"], ["a", "x".repeat(127)], ["a", "x".repeat(128), "b"], ["a", "ü", "b"]]) {
    assertEquals(read("BYTES", texts(...names), names.length), names);
  }
  // 1.5, the smallest subnormal, the largest number, -infinity; bits by IEEE 754.
  const halves = new Uint8Array([0x00, 0x3e, 0x01, 0x00, 0xff, 0x7b, 0x00, 0xfc]);
  assertEquals(read("FP16", halves, 4), [1.5, 2 ** -24, 65504, -Infinity]);
  assertEquals(read("FP16", new Uint8Array([0x01, 0x7c]), 1), [NaN]);
  assertEquals(read("BF16", new Uint8Array([0xc0, 0x3f]), 1), [1.5]);
});

Deno.test("malformed requests are refused by name", () => {
  refuses("", null, "the body must be JSON in UTF-8");
  refuses("[]", null, "the body must be an object, received []");
  refuses(join(new Uint8Array([0xff])), null, "the body must be JSON in UTF-8");
  refuses("{}", "3", 'inference-header-content-length must be 1 to 2, the bytes of the body, received "3"');
  refuses("{}", "-1", 'received "-1"');
  refuses("{}", "0", 'received "0"');
  refuses("{}", null, "inputs must be a list, received nothing");
  refuses(of(1), null, "inputs[0] must be an object, received 1");
  refuses(of({ name: 1 }), null, "Cannot read inputs[0]: name must be a text, received 1");
  refuses(of({ name: "a", datatype: "toString", shape: [1] }), null, 'input "a": datatype must be one of the protocol');
  refuses(of({ name: "a", datatype: "FP32", shape: [-1], data: [] }), null, "shape must be of sizes, received [-1]");
  refuses(of({ name: "a", datatype: "FP32", shape: [2], data: [1] }), null, "must have 2 elements as its shape says");
  refuses(of({ name: "a", datatype: "FP32", shape: [1], data: ["1"] }), null, 'elements of FP32, received "1" at 0');
  refuses(of({ name: "a", datatype: "INT32", shape: [1], data: [1.5] }), null, "elements of INT32, received 1.5 at 0");
  refuses(of({ name: "a", datatype: "INT64", shape: [1], data: [2 ** 53] }), null, "elements of INT64");
  refuses(of({ name: "a", datatype: "FP16", shape: [1], data: [1] }), null, "must be binary as FP16, received JSON");
  refuses(of({ name: "a", datatype: "FP32", shape: [1] }), null, "must have a list as data, received nothing");
  const twice = { name: "a", datatype: "FP32", shape: [1], data: [1] };
  refuses(JSON.stringify({ inputs: [twice, twice] }), null, 'received "a" twice');
  refuses(JSON.stringify({ id: 1, inputs: [] }), null, "id must be a text, received 1");
  refuses(JSON.stringify({ inputs: [], outputs: [{}] }), null, "Cannot read outputs[0]: name must be a text");
  refuses(JSON.stringify({ inputs: [], parameters: { timeout: -1 } }), null, "timeout must be microseconds");
  refuses(
    `{"inputs":[{"name":"a","datatype":"FP32","shape":[1],"data":${"[".repeat(1e4)}${"]".repeat(1e4)}}]}`,
    null,
    "1 elem",
  );
});

Deno.test("malformed binary tensors are refused by name", () => {
  const header = (size: unknown, datatype = "BYTES") =>
    of({ name: "a", datatype, shape: [1], parameters: { binary_data_size: size } });
  const sends = (text: string, bytes: Uint8Array, message: string) => {
    refuses(join(text, bytes), `${text.length}`, message);
  };
  sends(header(9), texts("a"), "binary_data_size must be 0 to 5, the bytes left, received 9");
  sends(header("5"), texts("a"), 'received "5"');
  sends(header(5), join(texts("a"), "more"), "the body must end with its last input, received 4 more bytes");
  sends(header(8, "FP32"), floats(1, 2), "must have 4 bytes for 1 elements of FP32, received 8");
  sends(header(5), new Uint8Array([2, 0, 0, 0, 0x61]), "must end with its last text");
  sends(header(3), new Uint8Array([1, 0, 0]), "must end with its last text");
  sends(header(10), texts("a", "b"), "must have 1 elements as its shape says, received 2");
  sends(header(5), new Uint8Array([1, 0, 0, 0, 0xff]), "must hold texts in UTF-8");
  const both = of({ name: "a", datatype: "FP32", shape: [1], data: [1], parameters: { binary_data_size: 4 } });
  sends(both, floats(1), "it must have data or binary_data_size, received both");
});

Deno.test("answers are JSON, or JSON with binary outputs behind it", () => {
  const outputs = [
    { name: "score", shape: [2, 1], data: new Float32Array([0.5, 0.25]) },
    { name: "logit", shape: [2, 1], data: new Float32Array([0, -1]) },
  ];
  const head = { model_name: "m", model_version: "1" };
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const { body, headerLength } = formatInfer(head, outputs, { isBinary: false });
  assertEquals(headerLength, undefined);
  assertEquals(
    text(body),
    '{"model_name":"m","model_version":"1","outputs":[' +
      '{"name":"score","datatype":"FP32","shape":[2,1],"data":[0.5,0.25]},' +
      '{"name":"logit","datatype":"FP32","shape":[2,1],"data":[0,-1]}]}',
  );
  const wanted = [{ name: "logit" }, { name: "score", isBinary: false }];
  const mixed = formatInfer(head, outputs, { id: "7", outputs: wanted, isBinary: true });
  assertEquals(
    text(mixed.body.subarray(0, mixed.headerLength)),
    '{"model_name":"m","model_version":"1","id":"7","outputs":[' +
      '{"name":"logit","datatype":"FP32","shape":[2,1],"parameters":{"binary_data_size":8}},' +
      '{"name":"score","datatype":"FP32","shape":[2,1],"data":[0.5,0.25]}]}',
  );
  assertEquals(mixed.body.subarray(mixed.headerLength), new Uint8Array([0, 0, 0, 0, 0, 0, 0x80, 0xbf]));
  assertThrows(
    () => formatInfer(head, outputs, { outputs: [{ name: "x" }], isBinary: false }),
    RequestError,
    'outputs are "score", "logit", received "x"',
  );
});
