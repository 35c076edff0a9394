import { parquetWriteBuffer } from "npm:hyparquet-writer@0.17.0";
import { deepfm, fm, lr } from "../../models/mod.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric, sequence } from "../../src/data/schema.ts";
import { encodeSafetensors } from "../../src/interchange/safetensors.ts";
import { Model } from "../../src/model.ts";
import { adam } from "../../src/optimizer.ts";
import type { PretrainedVectors } from "../../src/pretrained/options.ts";
import { readPretrained } from "../../src/pretrained/vectors.ts";
import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { inFolder } from "../folder.ts";
import { gpu } from "../support.ts";

const data = readRows(
  Array.from({ length: 60 }, (_, i) => ({
    ...{
      click: i % 3 ? 0 : 1,
      user: `u${i % 7}`,
      item: ["Red Car", "b", "c", "d"][i % 4],
      tags: i % 2 ? ["x", "y"] : [],
    },
  })),
  {
    label: "click",
    features: [categorical("user"), categorical("item", { lowerCase: true }), sequence("tags", { combiner: "mean" })],
  },
);
const { schema } = data;
const item = schema.fields[1];

/** Returns the row in the row space of a value of `item`. */
const rowOf = (value: string) => item.offset + schema.tokenRows(item).get(value)!;

const text = (...lines: string[]) => new File([lines.join("\n")], "vectors.txt");
const names = new File(["b\nRED CAR\nunknown\n"], "names.txt");

/** Vectors of three values in the form that a file has. */
const MATRIX = [[1, -2.5], [0.25, 3], [8, 0]];

async function read(options: PretrainedVectors, field = "item") {
  const [vectors] = await readPretrained(schema, { [field]: options });
  return Object.fromEntries([...vectors.rows].map((row, i) => [
    row,
    [...vectors.numbers.slice(i * vectors.width, (i + 1) * vectors.width)],
  ]));
}

const EXPECTED = { [rowOf("b")]: MATRIX[0], [rowOf("red car")]: MATRIX[1] };

Deno.test("text of GloVe and word2vec has a value and its numbers a line, with a head or without", async () => {
  const rows = ["b 1 -2.5", "RED CAR 0.25 3", "unknown 8 0"];
  for (const file of [text(...rows), text("3 2", ...rows), text(...rows.map((row) => `${row} `), "")]) {
    assertEquals(await read({ file }), EXPECTED);
  }
  assertEquals(await read({ file: text("b\t1\t-2.5", "red car\t0.25 3") }), EXPECTED);
  // The first of several rows counts, and values that nobody asks for need no numbers.
  assertEquals(await read({ file: text("b 1 -2.5", "B 7 7", "red car 0.25 3", "odd x y") }), EXPECTED);
  const packed = new Blob([rows.join("\n")]).stream().pipeThrough(new CompressionStream("gzip"));
  const bytes = await new Response(packed).arrayBuffer();
  assertEquals(await read({ file: new File([bytes], "vectors.txt.gz") }), EXPECTED);
});

// As np.save of NumPy 2.4.6 writes MATRIX; the header is padded with blanks to 128 bytes.
const BODIES = {
  f2: "ADwAwQA0AEIASAAA",
  f4: "AACAPwAAIMAAAIA+AABAQAAAAEEAAAAA",
  f8: "AAAAAAAA8D8AAAAAAAAEwAAAAAAAANA/AAAAAAAACEAAAAAAAAAgQAAAAAAAAAAA",
};

/** Returns a `.npy` file. */
function npyOf(type: string, body: string, shape = "(3, 2)", columns = "False"): Uint8Array<ArrayBuffer> {
  const header = `{'descr': '<${type}', 'fortran_order': ${columns}, 'shape': ${shape}, }`;
  return Uint8Array.from(
    [...`\x93NUMPY\x01\x00v\x00${header.padEnd(117)}\n`, ...atob(body)],
    (character) => character.charCodeAt(0),
  );
}

Deno.test("arrays of NumPy have their values in a text beside them", async () => {
  for (const [type, base64] of Object.entries(BODIES)) {
    const file = new File([npyOf(type, base64)], `${type}.npy`);
    assertEquals(await read({ file, vocabulary: names }), EXPECTED, type);
  }
  const npy = (bytes: BlobPart) => new File([bytes], "v.npy");
  const f4 = npyOf("f4", BODIES.f4);
  const refuse = (file: File, message: string, vocabulary: File | undefined = names) =>
    assertRejects(() => read({ file, vocabulary }), Error, message);
  await refuse(npy(f4.slice(0, 40)), 'Cannot read "v.npy": it must have two dimensions');
  await refuse(npy(f4.slice(0, -1)), "it must have 152 bytes, received 151");
  await refuse(npy(new Uint8Array(20)), "it is no .npy file");
  await refuse(npy(npyOf("f4", BODIES.f4, "(3, 2)", "True")), "it must be row-major, received column-major order");
  await refuse(npy(npyOf("i4", BODIES.f4)), "its type must be <f2, <f4 or <f8, received <i4");
  await refuse(npy(f4), '"few.txt" must have 3 values, one for each row, received 1', new File(["b\n"], "few.txt"));
  await refuse(npy(f4), '"many.txt" must have 3 values', new File(["b\na\nc\nd\n"], "many.txt"));
  await assertRejects(
    () => read({ file: npy(f4) }),
    TypeError,
    "vocabulary must name a text with the value of each row",
  );
});

Deno.test("a tensor of safetensors has its values in a text beside it", async () => {
  const matrix = { shape: [3, 2], data: Float32Array.from(MATRIX.flat()) };
  const of = (tensors: Parameters<typeof encodeSafetensors>[0]) =>
    new File([encodeSafetensors(tensors)], "v.safetensors");
  assertEquals(await read({ file: of({ matrix }), vocabulary: names }), EXPECTED);
  const both = of({ matrix, other: matrix, bias: { shape: [2], data: new Float32Array(2) } });
  assertEquals(await read({ file: both, vocabulary: names, vectors: "other" }), EXPECTED);
  await assertRejects(
    () => read({ file: both, vocabulary: names }),
    RangeError,
    'vectors must name one of its tensors of two dimensions, received "matrix", "other"',
  );
  await assertRejects(() => read({ file: both, vocabulary: names, vectors: "none" }), RangeError, 'a tensor "none"');
  await inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/v.safetensors`, encodeSafetensors({ matrix }));
    assertEquals(await read({ file: `${folder}/v.safetensors`, vocabulary: names }), EXPECTED);
  });
});

Deno.test("Parquet has a column of values, and one of lists or several of numbers", async () => {
  const file = (columns: Record<string, unknown[]>) =>
    new File(
      [parquetWriteBuffer({ columnData: Object.entries(columns).map(([name, data]) => ({ name, data })) })],
      "v.parquet",
    );
  const value = ["b", "Red car", "unknown"];
  const [x, y] = [0, 1].map((d) => MATRIX.map((row) => row[d] + 1e-9));
  const near = (found: Record<string, number[]>) =>
    Object.fromEntries(Object.entries(found).map(([row, vector]) => [row, vector.map((n) => +n.toFixed(6))]));
  assertEquals(near(await read({ file: file({ value, x, y }) })), EXPECTED);
  const other = ["p", "q", "r"];
  const options = { column: "value", vectors: ["x", "y"] };
  assertEquals(near(await read({ file: file({ other, y, x, value }), ...options })), EXPECTED);
  await assertRejects(
    () => read({ file: file({ value, x, y }), column: "id" }),
    RangeError,
    'there must be a column "id"',
  );
  await assertRejects(
    () => read({ file: file({ value, other }) }),
    RangeError,
    'vectors must name a column of lists, or columns of numbers, received columns "value", "other"',
  );
});

Deno.test("numbers that are none, and vectors of several widths, are refused with their line", async () => {
  const refuse = (message: string, ...lines: string[]) =>
    assertRejects(() => read({ file: text(...lines) }), SyntaxError, message);
  await refuse('Cannot read "vectors.txt" line 2: number 1 of "c" must be one that float32 holds', "b 1 2", "c x 2");
  await refuse('line 1: number 2 of "b" must be one', "b 1 1e39");
  await refuse('line 2: expected 2 numbers behind "c", received 1', "b 1 2", "c 1");
  await refuse('line 1: expected some numbers behind "b", received 0', "b");
});

Deno.test("rows hold the vectors at the start, frozen ones stay bit by bit, and all others train", async () => {
  const device = await gpu();
  const file = text("b 1 -2.5", "Red Car 0.25 3", "unknown 8 0");
  const options = { seed: 3, device };
  for (const embeddingUpdate of ["lazy", "dense"] as const) {
    for (const frozen of [false, true]) {
      await using plain = await Model.create(deepfm({ dim: 2, hidden: [8] }), schema, options);
      const pretrained = { item: { file, frozen } };
      await using model = await Model.create(deepfm({ dim: 2, hidden: [8] }), schema, { ...options, pretrained });
      assertEquals(model.pretrained, [{ field: "item", values: 4, found: 2, frozen }]);
      assertEquals(model.frozenRows, frozen ? { embedding: 2 } : {});
      const [first, start] = [await plain.parameters(), await model.parameters()];
      const rows = (of: typeof first) =>
        Array.from({ length: schema.rowCount }, (_, row) => [...of.embedding.data.slice(2 * row, 2 * row + 2)]);
      rows(start).forEach((row, r) => assertEquals(row, EXPECTED[r] ?? rows(first)[r], `row ${r}`));
      for (const name of Object.keys(first).filter((name) => name !== "embedding")) {
        assertEquals(start[name], first[name]);
      }
      await model.fit(data, {
        ...{ epochs: 3, batchSize: 16, optimizer: adam({ lr: 0.01, embeddingUpdate }), unseenShare: 0 },
        l2: { embedding: 0.01 },
      });
      const trained = await model.parameters();
      for (const value of ["b", "red car", "c", "d"]) {
        const row = rowOf(value);
        const same = frozen && row in EXPECTED;
        (same ? assertEquals : assertNotEquals)(rows(trained)[row], rows(start)[row], value);
        // First-order weights of frozen embeddings train.
        assertNotEquals(trained.linear.data[row], start.linear.data[row], value);
      }
    }
  }
});

Deno.test("a sequence with a vocabulary of its own takes vectors, which one of a field's values shares", async () => {
  assertEquals(Object.values(await read({ file: text("x 1 2", "z 3 4", "y 5 6") }, "tags")), [[1, 2], [5, 6]]);
  const rows = [{ y: 1, item: "a", seen: ["b"] }, { y: 0, item: "b", seen: [] }];
  const shared =
    readRows(rows, { label: "y", features: [categorical("item"), sequence("seen", { of: "item" })] }).schema;
  await assertRejects(
    () => readPretrained(shared, { seen: { file: text("a 1") } }),
    RangeError,
    'Cannot read pretrained vectors: fields with vocabularies are "item", received "seen"',
  );
});

Deno.test("a table that does not fit, or is not there, is refused before training", async () => {
  const device = await gpu();
  const create = (definition: ReturnType<typeof fm>, options: PretrainedVectors) =>
    Model.create(definition, schema, { device, pretrained: { item: options } });
  const file = text("b 1 2 3");
  await assertRejects(
    () => create(fm({ dim: 4 }), { file }),
    TypeError,
    'Cannot take pretrained vectors of "item": those in "vectors.txt" have width 3, and rows of table "embedding" have ' +
      "width 4; they must be equal, as with the option dim of the model, or dims of the field",
  );
  await using wider = await create(fm({ dim: 4, dims: { item: 3 } }), { file });
  const row = rowOf("b") - item.offset;
  assertEquals((await wider.parameters())["embedding.3"].data.slice(3 * row, 3 * row + 3), Float32Array.of(1, 2, 3));
  await assertRejects(() => create(fm({ dim: 3 }), { file, table: "none" }), TypeError, 'received "none"');
  await assertRejects(() => create(lr() as never, { file }), TypeError, "table must name one of");
  await using named = await create(fm({ dim: 3 }), { file, table: "embedding" });
  assertEquals(named.pretrained[0].found, 1);
  await using none = await create(fm({ dim: 3 }), { file: text("nobody 1 2") });
  assertEquals(none.pretrained[0].found, 0);
  const refuse = (options: unknown, message: string) =>
    assertRejects(() => readPretrained(schema, { item: options as PretrainedVectors }), TypeError, message);
  await refuse({ file, froze: true }, 'received "froze"');
  await refuse({}, "file is missing");
  await refuse("vectors.txt", "options must be an object with a file");
  await refuse({ file, frozen: "yes" }, 'frozen must be true or false, received "yes"');
  const numbers = readRows([{ y: 1, x: 1 }], { label: "y", features: [numeric("x")] }).schema;
  await assertRejects(() => readPretrained(numbers, { x: { file } }), RangeError, 'received "x"');
  await assertRejects(() => read({ file: "/no/such/vectors.txt" }), Error, "/no/such/vectors.txt");
});
