import { decodeInfer, encodeInfer, InferAnswer, type Inputs } from "../../src/client/mod.ts";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("a request is written byte by byte as the protocol has it", () => {
  const inputs = { user: ["a", "ü"], price: Float32Array.of(1.5, 2) };
  const { body, headers } = encodeInfer(inputs, { id: "7", outputs: ["score"], queueTimeoutMs: 1.5 });
  const header = '{"id":"7","inputs":[' +
    '{"name":"user","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":11}},' +
    '{"name":"price","shape":[2],"datatype":"FP32","parameters":{"binary_data_size":8}}],' +
    '"outputs":[{"name":"score"}],"parameters":{"binary_data_output":true,"timeout":1500}}';
  assertEquals(headers, {
    "content-type": "application/octet-stream",
    "inference-header-content-length": `${header.length}`,
  });
  assertEquals(text(body.subarray(0, header.length)), header);
  const bytes = [1, 0, 0, 0, 0x61, 2, 0, 0, 0, 0xc3, 0xbc, 0, 0, 0xc0, 0x3f, 0, 0, 0, 0x40];
  assertEquals([...body.subarray(header.length)], bytes);
});

Deno.test("a request is JSON where that is wanted", () => {
  const { body, headers } = encodeInfer({ item: BigInt64Array.of(3n), seen: [true] }, { binary: false });
  assertEquals(headers, { "content-type": "application/json" });
  assertEquals(
    text(body),
    '{"inputs":[{"name":"item","shape":[1],"datatype":"INT64","data":[3]},' +
      '{"name":"seen","shape":[1],"datatype":"BOOL","data":[true]}]}',
  );
});

Deno.test("values become tensors of the type that they have, and lists are padded", () => {
  const describe = (inputs: Inputs) => {
    const { inputs: written } = JSON.parse(text(encodeInfer(inputs, { binary: false }).body));
    return written.map(({ name, datatype, shape, data }: Record<string, unknown>) => [name, datatype, shape, data]);
  };
  assertEquals(describe({ price: [1.5, 2] }), [["price", "FP64", [2], [1.5, 2]]]);
  assertEquals(describe({ age: Uint8Array.of(3) }), [["age", "UINT8", [1], [3]]]);
  assertEquals(describe({ history: [["a", "b"], [], ["c"]] }), [
    ["history", "BYTES", [3, 2], ["a", "b", "", "", "c", ""]],
    ["history_length", "INT32", [3], [2, 0, 1]],
  ]);
  assertEquals(describe({ history: [[], [4]] }), [
    ["history", "FP64", [2, 1], [0, 4]],
    ["history_length", "INT32", [2], [0, 1]],
  ]);
  const tensor = { datatype: "INT32", shape: [1, 2], data: Int32Array.of(1, 2) } as const;
  assertEquals(describe({ pair: tensor }), [["pair", "INT32", [1, 2], [1, 2]]]);
});

Deno.test("values that are no tensor are refused", () => {
  const refuses = (inputs: Inputs, message: string, binary = true) => {
    assertThrows(() => encodeInfer(inputs, { binary }), TypeError, message);
  };
  refuses({ user: ["a", 1] as unknown as string[] }, 'input "user": values must be texts, numbers or booleans');
  refuses({ user: [null] as unknown as string[] }, "received object at 0");
  refuses({ user: { datatype: "BYTES", shape: [2], data: ["a"] } }, "shape [2] must be theirs, received 1 elements");
  refuses({ half: { datatype: "FP16", shape: [1], data: Uint16Array.of(0) } }, "FP16 must be binary", false);
});

/** An answer in binary, written by hand. */
function binaryAnswer(outputs: readonly Record<string, unknown>[], ...bytes: number[]): Response {
  const header = JSON.stringify({ model_name: "m", model_version: "1", outputs });
  const body = Uint8Array.of(...new TextEncoder().encode(header), ...bytes);
  return new Response(body, { headers: { "inference-header-content-length": `${header.length}` } });
}

const binary = (name: string, datatype: string, shape: number[], size: number) => ({
  ...{ name, datatype, shape, parameters: { binary_data_size: size } },
});

Deno.test("binary outputs of every type are read", async () => {
  const read = async (datatype: string, count: number, ...bytes: number[]) => {
    const answer = await decodeInfer(binaryAnswer([binary("y", datatype, [count], bytes.length)], ...bytes));
    const { datatype: type, data } = answer.outputs.get("y")!;
    assertEquals(type, datatype as typeof type);
    return data as unknown;
  };
  assertEquals(await read("BOOL", 2, 0, 1), [false, true]);
  assertEquals(await read("UINT8", 1, 255), Uint8Array.of(255));
  assertEquals(await read("INT8", 1, 255), Int8Array.of(-1));
  assertEquals(await read("UINT16", 1, 1, 2), Uint16Array.of(0x201));
  assertEquals(await read("INT16", 1, 0, 0x80), Int16Array.of(-32768));
  assertEquals(await read("UINT32", 1, 0, 0, 0, 0x80), Uint32Array.of(2 ** 31));
  assertEquals(await read("INT32", 1, 0, 0, 0, 0x80), Int32Array.of(-(2 ** 31)));
  assertEquals(await read("INT64", 1, ...Array(8).fill(255)), BigInt64Array.of(-1n));
  assertEquals(await read("UINT64", 1, ...Array(8).fill(255)), BigUint64Array.of(2n ** 64n - 1n));
  assertEquals(await read("FP16", 1, 0, 0x3e), Uint16Array.of(0x3e00));
  assertEquals(await read("BF16", 1, 0xc0, 0x3f), Uint16Array.of(0x3fc0));
  assertEquals(await read("FP32", 1, 0, 0, 0xc0, 0x3f), Float32Array.of(1.5));
  assertEquals(await read("FP64", 1, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f), Float64Array.of(1.5));
  assertEquals(await read("BYTES", 2, 0, 0, 0, 0, 2, 0, 0, 0, 0xc3, 0xbc), ["", "ü"]);
});

Deno.test("an answer may have outputs in JSON and in binary, nested or flat", async () => {
  const outputs = [
    binary("logit", "FP32", [1, 1], 4),
    { name: "score", datatype: "FP32", shape: [2, 1], data: [[0.5], [0.25]] },
    { name: "id", datatype: "INT64", shape: [1], data: [7] },
    { name: "name", datatype: "BYTES", shape: [1], data: ["a"] },
    binary("label", "BYTES", [1, 1], 5),
  ];
  const answer = await decodeInfer(binaryAnswer(outputs, 0, 0, 0x80, 0xbf, 1, 0, 0, 0, 0x62));
  assertEquals([answer.model, answer.version, answer.id], ["m", "1", undefined]);
  assertEquals([...answer.floats("score"), ...answer.floats("logit")], [0.5, 0.25, -1]);
  assertEquals(answer.outputs.get("id")!.data, BigInt64Array.of(7n));
  assertEquals([answer.outputs.get("name")!.data, answer.outputs.get("label")!.data], [["a"], ["b"]]);
  assertThrows(() => answer.floats("id"), TypeError, 'output "id": it must be of FP32, received logit of FP32');
  assertThrows(() => answer.floats("none"), TypeError, 'output "none"');
  const plain = Response.json({ model_name: "m", id: "7", outputs: [] });
  assertEquals(
    await decodeInfer(plain),
    new InferAnswer({ model: "m", version: undefined, id: "7", outputs: new Map() }),
  );
});

Deno.test("malformed answers are refused", async () => {
  const refuses = async (response: Response, message: string) => {
    await assertRejects(() => decodeInfer(response), SyntaxError, message);
  };
  await refuses(binaryAnswer([binary("y", "FP32", [2], 4)], 0, 0, 0, 0), 'output "y": there must be 8 bytes of FP32');
  await refuses(binaryAnswer([binary("y", "BYTES", [1], 5)], 9, 0, 0, 0, 0), "there must be 1 texts");
  await refuses(binaryAnswer([], 0), "it must end with its last output, received 1 more");
  const short = { model_name: "m", outputs: [{ name: "y", datatype: "FP32", shape: [2], data: [1] }] };
  await refuses(Response.json(short), "there must be 2 elements, received 1");
  await refuses(new Response("<html>"), "JSON");
});
