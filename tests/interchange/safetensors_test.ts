import { assert, assertEquals, assertRejects } from "@std/assert";
import type { CheckpointTensor } from "../../src/checkpoint/content.ts";
import { encodeSafetensors, readSafetensors, writeSafetensors } from "../../src/interchange/safetensors.ts";
import { inFolder } from "../folder.ts";
import { randomArray } from "../support.ts";

const SAMPLE: Record<string, CheckpointTensor> = {
  "table.f0": { shape: [3, 2], data: Float32Array.of(1, -2.5, 0, -0, 1e-45, NaN) },
  step: { shape: [], data: Uint32Array.of(4_000_000_000) },
  empty: { shape: [0, 8], data: new Float32Array() },
  mean: { shape: [2], data: Float64Array.of(Math.PI, Infinity) },
  seen: { shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
  less: { shape: [1], data: BigInt64Array.of(-(2n ** 63n)) },
  bytes: { shape: [5], data: Int8Array.of(-128, 127, 0, 1, -1) },
  halves: { shape: [3], data: Uint16Array.of(0, 1, 65535) },
  "na\u00efve \u{1F9F5}": { shape: [1, 1], data: Uint8Array.of(7) },
  __proto: { shape: [2], data: Int16Array.of(-1, 1) },
};

/** Writes a file from its JSON and bytes, whatever they hold. */
function fileOf(json: string | Uint8Array, data: Uint8Array | number = 0, length?: bigint): Uint8Array {
  const header = typeof json === "string" ? new TextEncoder().encode(json) : json;
  const bytes = typeof data === "number" ? new Uint8Array(data) : data;
  const file = new Uint8Array(8 + header.length + bytes.length);
  new DataView(file.buffer).setBigUint64(0, length ?? BigInt(header.length), true);
  file.set(header, 8);
  file.set(bytes, 8 + header.length);
  return file;
}

/** Writes an entry of a header. */
function entry(name: string, shape: readonly unknown[], begin: unknown, end: unknown, dtype = "F32"): string {
  return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`;
}

async function assertRefused(file: Uint8Array, part: string): Promise<void> {
  const error = await assertRejects(() => readSafetensors(file), SyntaxError, "Cannot read safetensors: ");
  assert(error.message.includes(part), error.message);
}

Deno.test("readSafetensors returns what writeSafetensors was given, bit by bit", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/x.safetensors`;
    await writeSafetensors(path, SAMPLE, { tool: "weft", "na\u00efve": "\u{1F9F5}" });
    assertEquals(await Deno.readFile(path), encodeSafetensors(SAMPLE, { "na\u00efve": "\u{1F9F5}", tool: "weft" }));
    for (const source of [path, await Deno.readFile(path)]) {
      const { tensors, metadata } = await readSafetensors(source);
      assertEquals(metadata, { tool: "weft", "na\u00efve": "\u{1F9F5}" });
      assertEquals(Object.keys(tensors).sort(), Object.keys(SAMPLE).sort());
      for (const [name, { shape, data }] of Object.entries(SAMPLE)) {
        assertEquals(tensors[name].shape, shape);
        assertEquals(tensors[name].data.constructor, data.constructor);
        assertEquals(new Uint8Array(tensors[name].data.buffer), new Uint8Array(data.buffer));
      }
    }
    assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["x.safetensors"]);
  });
});

Deno.test("writeSafetensors aligns the elements to 8 bytes and puts wide elements first", () => {
  const bytes = encodeSafetensors({
    a: { shape: [1], data: Uint8Array.of(9) },
    b: { shape: [1], data: Float64Array.of(1) },
  });
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  assertEquals(length % 8, 0);
  const json = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  assertEquals(
    json.trimEnd(),
    '{"b":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"a":{"dtype":"U8","shape":[1],"data_offsets":[8,9]}}',
  );
});

Deno.test("writeSafetensors refuses what a file cannot hold, and leaves the old file intact", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/x.safetensors`;
    await writeSafetensors(path, {});
    const before = await Deno.readFile(path);
    const one = { shape: [1], data: Float32Array.of(1) };
    const cases: [Record<string, CheckpointTensor>, Record<string, string>, string][] = [
      [{ x: { shape: [2], data: Float32Array.of(1) } }, {}, '"x" of shape [2] must have 2 elements, received 1'],
      [{ __metadata__: one }, {}, "a tensor must not be named __metadata__"],
      [{ x: one }, { epoch: 3 as never }, 'metadata must be texts, received number for "epoch"'],
      [{ x: { shape: [1], data: [1] as never } }, {}, '"x" must be a typed array'],
    ];
    for (const [tensors, metadata, message] of cases) {
      await assertRejects(
        () => writeSafetensors(path, tensors, metadata),
        TypeError,
        `Cannot write "${path}": ${message}`,
      );
    }
    assertEquals(await Deno.readFile(path), before);
    await assertRejects(() => writeSafetensors(`${folder}/none/x`, {}), Error, "Cannot write");
  });
});

Deno.test("readSafetensors widens half floats exactly", async () => {
  const bits = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000, 0x7c00, 0xfc00);
  const data = new Uint8Array(bits.buffer);
  const half = await readSafetensors(fileOf(`{${entry("x", [7], 0, 14, "F16")}}`, data));
  assertEquals(half.tensors.x.dtype, "F16");
  assertEquals(half.tensors.x.data, Float32Array.of(1, -2, 65504, 2 ** -24, -0, Infinity, -Infinity));
  const upper = Uint16Array.of(0x3f80, 0xc049, 0x0080, 0xff80);
  const wide = await readSafetensors(fileOf(`{${entry("x", [4], 0, 8, "BF16")}}`, new Uint8Array(upper.buffer)));
  assertEquals(wide.tensors.x.data, Float32Array.of(1, -3.140625, 2 ** -126, -Infinity));
});

Deno.test("readSafetensors reads headers of other writers", async () => {
  const { tensors, metadata } = await readSafetensors(fileOf('{"__metadata__":{"format":"pt"}}   '));
  assertEquals([tensors, metadata], [{}, { format: "pt" }]);
  // Tensors in any order of names, empty ones between others, and a header whose length is no multiple of 8.
  const json = `{${[entry("b", [1], 4, 8), entry("e", [0], 4, 4), entry("a", [1], 0, 4)].join(", ")}}`;
  const read = await readSafetensors(fileOf(json, new Uint8Array(Float32Array.of(1, 2).buffer)));
  assertEquals([read.tensors.a.data, read.tensors.b.data, read.tensors.e.data.length], [
    Float32Array.of(1),
    Float32Array.of(2),
    0,
  ]);
});

Deno.test("readSafetensors names what is wrong with a file", async () => {
  await assertRefused(new Uint8Array(5), "file must have at least 8 bytes, received 5");
  await assertRefused(fileOf("{}", 0, 3n), "header of 3 bytes must fit in the file, received a file of 10 bytes");
  await assertRefused(
    fileOf("{}", 0, 2n ** 63n),
    "header must have at most 100000000 bytes, received 9223372036854775808",
  );
  await assertRefused(fileOf(""), "header must start with {");
  await assertRefused(fileOf(" {}"), "header must start with {");
  await assertRefused(fileOf("{"), "header must be JSON in UTF-8");
  await assertRefused(fileOf(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), "header must be JSON in UTF-8");
  await assertRefused(fileOf(`{${"[".repeat(200_000)}`), "header must be JSON in UTF-8");
  await assertRefused(fileOf(`{${entry("x", [1], 0, 4)},${entry("x", [1], 4, 8)}}`, 8), 'received "x" twice');
  await assertRefused(fileOf(`{${entry("x", [1], 0, 4)},${entry("y", [1], 0, 4)}}`, 4), 'tensor "y" must not overlap');
  await assertRefused(fileOf(`{${entry("x", [1], 4, 8)}}`, 8), "without a hole, received byte 4 where 0 is next");
  await assertRefused(
    fileOf(`{${entry("x", [1], 0, 4)}}`, 8),
    "must cover all bytes behind the header, received 4 of 8",
  );
  await assertRefused(
    fileOf(`{${entry("x", [2], 0, 8)}}`, 4),
    "must cover all bytes behind the header, received 8 of 4",
  );
  await assertRefused(fileOf(`{${entry("x", [3], 0, 4)}}`, 4), 'tensor "x" must have 12 bytes for F32 of shape [3]');
  await assertRefused(fileOf(`{${entry("x", [2 ** 40, 2 ** 40], 0, 4)}}`, 4), "bytes for F32 of shape");
  await assertRefused(fileOf(`{${entry("x", [-1], 0, 4)}}`, 4), "a shape of whole numbers, received [-1]");
  await assertRefused(fileOf(`{${entry("x", [0.5], 0, 2)}}`, 2), "a shape of whole numbers, received [0.5]");
  await assertRefused(fileOf(`{${entry("x", [1], 4, 0)}}`, 4), "two ascending data_offsets, received [4,0]");
  await assertRefused(fileOf(`{${entry("x", [1], "0", 4)}}`, 4), "two ascending data_offsets");
  await assertRefused(fileOf(`{${entry("x", [1], 0, 1, "F8_E4M3")}}`, 1), "dtype of F64, F32, F16, BF16");
  for (const json of ['{"x":null}', '{"x":3}', '{"x":[]}', '{"__proto__":{}}']) {
    await assertRefused(fileOf(json), "a dtype of");
  }
  for (const json of ["[]", "3", '{"a":1}', "null"]) {
    await assertRefused(fileOf(`{"__metadata__":${json}}`), "__metadata__ must have texts by name");
  }
});

Deno.test("readSafetensors refuses or reads 20,000 damaged files and never fails otherwise", async () => {
  const whole = encodeSafetensors(SAMPLE, { tool: "weft" });
  const random = randomArray(20_000 * 4, 7);
  const pick = (i: number, below: number): number => Math.min(below - 1, Math.floor((random[i] + 1) / 2 * below));
  const signs = new TextEncoder().encode('{}[],:"0123456789-\\eu \0\xff');
  let refused = 0;
  for (let round = 0; round < 20_000; round++) {
    const bytes = round % 5 === 0 ? whole.slice(0, pick(4 * round, whole.length)) : whole.slice();
    if (bytes.length > 0) {
      bytes[pick(4 * round + 1, bytes.length)] = signs[pick(4 * round + 2, signs.length)];
      if (round % 3 === 0) bytes[pick(4 * round + 3, Math.min(bytes.length, 16))] ^= 1 << (round % 8);
    }
    try {
      const { tensors } = await readSafetensors(bytes);
      for (const { shape, data } of Object.values(tensors)) {
        assertEquals(data.length, shape.reduce((product, size) => product * size, 1));
      }
    } catch (error) {
      assert(error instanceof SyntaxError, String(error));
      refused++;
    }
  }
  assert(refused > 10_000 && refused < 20_000, `${refused} refused`);
});
