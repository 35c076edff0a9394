import { readCsv } from "../../src/data/csv.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { readJsonLines } from "../../src/data/json_lines.ts";
import { readParquet } from "../../src/data/parquet.ts";
import { readData } from "../../src/data/read_data.ts";
import { refitSplit } from "../../src/data/refit.ts";
import { keepTexts } from "../../src/data/kept_texts.ts";
import { categorical, numeric, type Schema, sequence } from "../../src/data/schema.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { parquetWriteBuffer } from "npm:hyparquet-writer@0.17.0";
import { file, gzip } from "./files.ts";

// Written by pyarrow 25.0.1: 40 rows of five columns, one file by codec or encoding; types.parquet has a column by type.
const FOLDER = new URL("../golden/parquet/", import.meta.url);
const golden = (name: string) => new URL(`${name}.parquet`, FOLDER);

const SCHEMA: Schema = {
  label: "click",
  features: [categorical("user"), categorical("id"), numeric("price"), sequence("tags")],
};

const ROWS = Array.from({ length: 40 }, (_, i) => ({
  click: i % 2,
  user: i % 5 === 0 ? null : `u${i % 7}`,
  id: String(9007199254740993n + BigInt(i % 3)),
  price: i % 8 === 0 ? null : i * 0.5,
  tags: i % 6 === 0 ? null : Array.from({ length: i % 3 }, (_, j) => `a${j}`),
}));

const csv = [
  "click,user,id,price,tags",
  ...ROWS.map(({ click, user, id, price, tags }) => [click, user, id, price, tags?.join("|")].join(",")),
].join("\n");

/** All that training sees of a data set. */
async function partsOf(data: Dataset): Promise<unknown> {
  const { ids, values, labels, histories, times, coverage, rows } = data;
  return { fingerprint: await data.schema.fingerprint(), rows, ids, values, labels, histories, times, coverage };
}

Deno.test("the same rows give the same bytes from CSV, gzip, JSON lines, rows in memory and Parquet", async () => {
  const expected = await partsOf(await readCsv(file(csv), SCHEMA));
  const packed = file(await gzip(csv), "train.csv.gz");
  const lines = file(ROWS.map((row) => JSON.stringify(row)).join("\n"), "train.jsonl");
  for (const source of [packed, lines, ROWS, golden("none")]) {
    assertEquals(await partsOf(await readData(source, SCHEMA)), expected);
  }
  const { schema } = await readCsv(file(csv), SCHEMA);
  const fitted = await readData(golden("none"), schema, { labeled: false, limit: 20 });
  assertEquals(fitted.ids, (await readCsv(file(csv), schema, { labeled: false, limit: 20 })).ids);
});

Deno.test("each codec, dictionaries, plain pages and delta encodings give the same rows", async () => {
  const expected = await partsOf(await readCsv(file(csv), SCHEMA));
  for (const name of ["snappy", "gzip", "brotli", "zstd", "lz4", "plain", "delta"]) {
    assertEquals(await partsOf(await readParquet(golden(name), SCHEMA)), expected, name);
  }
});

Deno.test("a split that fits the schema to its first part keeps lists and digits", async () => {
  const whole = keepTexts(SCHEMA);
  const split = async (data: Promise<Dataset>) =>
    await Promise.all(refitSplit(await data, SCHEMA, [0.5, 0.5], { by: "position" }).map(partsOf));
  assertEquals(await split(readParquet(golden("zstd"), whole)), await split(readCsv(file(csv), whole)));
});

/** Returns the texts of a column of types.parquet, whose third row has no value. */
async function textsOf(column: string, name = "types"): Promise<readonly (string | undefined)[]> {
  const data = await readParquet(golden(name), { label: "click", features: [categorical(column)] });
  const { offset, missing, vocabulary } = data.schema.fields[0];
  return [...data.ids].map((id) => vocabulary![id - offset - (missing ? 2 : 1)]);
}

Deno.test("values stand for texts with all their digits", async () => {
  const expected: Record<string, readonly string[]> = {
    i64: ["-9223372036854775808", "9223372036854775807"],
    u64: ["18446744073709551615", "0"],
    u32: ["4294967295", "0"],
    f32: ["0.1", "16777216"],
    f16: ["0.5", "-2"],
    f64: ["0.1", "1"],
    flag: ["true", "false"],
    price: ["12345678901234567890.01", "-0.05"],
    small: ["1.50", "-3.00"],
    day: ["2026-11-27", "1969-12-31"],
    ms: ["2026-11-27 10:00:00.12", "1969-12-31 23:59:59"],
    us: ["2026-11-27T10:00:00.123456Z", "1969-12-31T23:59:59.999999Z"],
    ns: ["2026-11-27 10:00:00.123456789", "1969-12-31 23:59:59.999999999"],
    clock: ["10:00:01.5", "00:00:00"],
    code: ["b", "a"],
    bytes: ["x", "y"],
  };
  for (const [column, texts] of Object.entries(expected)) {
    assertEquals(await textsOf(column), [...texts, undefined], column);
  }
  assertEquals(await textsOf("word"), ["é", undefined, undefined]);
  assertEquals(await textsOf("ns", "int96"), ["2026-11-27 10:00:00.123456789", "1969-12-31 23:59:59.999999999"]);
  const data = await readParquet(golden("types"), {
    label: "click",
    features: [categorical("code"), sequence("numbers")],
  });
  assertEquals([[...data.histories[0].offsets], [...data.histories[0].ids]], [[0, 2, 2, 2], [5, 6]]);
});

Deno.test("times of Parquet are times to split by", async () => {
  const schema: Schema = { label: "click", time: "ns", features: [categorical("i64")] };
  await assertRejects(() => readParquet(golden("types"), schema), SyntaxError, 'row 3: column "ns"');
  const data = await readParquet(golden("types"), schema, { limit: 2 });
  assertEquals([...data.times!], [Date.UTC(2026, 10, 27, 10, 0, 0, 123), -1]);
});

Deno.test("columns that no field can take are refused by name, and ignored where the schema does not name them", async () => {
  const refused: Record<string, string> = {
    place: 'column "place" must hold texts, numbers, times or lists of these, received a struct',
    pairs: 'column "pairs" must hold texts, numbers, times or lists of these, received a map',
    lists: 'column "lists" must hold texts, numbers, times or lists of these, received lists of lists or of structs',
    fixed: 'column "fixed" must hold texts, numbers, times or lists of these, received bytes of a fixed number',
    numbers: 'column "numbers" must hold one value a row, received lists; declare it as a sequence',
    other: 'no column "other" for feature "other"',
  };
  for (const [column, message] of Object.entries(refused)) {
    await assertRejects(() => textsOf(column), RangeError, message);
  }
  await assertRejects(
    () => readParquet(golden("types"), { label: "numbers", features: [categorical("i64")] }),
    RangeError,
    'column "numbers" must hold one value a row',
  );
});

/** Writes columns as a Parquet file in memory. */
function parquet(columns: Record<string, unknown[]>, name = "part.parquet"): File {
  const columnData = Object.entries(columns).map(([name, data]) => ({ name, data }));
  return new File([parquetWriteBuffer({ columnData })], name);
}

Deno.test("malformed rows are refused by their number, or left out and counted", async () => {
  const schema: Schema = { label: "click", features: [numeric("price")] };
  const part = parquet({ click: [1, 0, 2, null, 0], price: ["1.5", "x", "1", "1", "2"] });
  await assertRejects(
    () => readParquet(part, schema),
    SyntaxError,
    'Cannot read "part.parquet" row 2: field "price": expected a finite number, received "x"',
  );
  const data = await readParquet(part, schema, { onBadRow: "skip" });
  assertEquals([data.rows, data.skipped, data.missingLabels], [2, 2, 1]);
  assertEquals(data.skippedReasons[1].startsWith("part.parquet row 3: "), true);
  const ids = parquet({ click: [1, 0], id: [0.5, 2 ** 60] });
  await assertRejects(
    () => readParquet(ids, { label: "click", features: [categorical("id")] }),
    SyntaxError,
    'row 2: field "id": expected a number that a double holds exactly, received 1152921504606847000',
  );
});

Deno.test("a second file may have other types, but not other columns, and a text in it is no number", async () => {
  const schema: Schema = { label: "click", features: [categorical("id"), numeric("price")] };
  const first = parquet({ click: [1, 0], id: [7n, 8n], price: [1, 2] }, "a.parquet");
  const second = parquet({ price: ["3", "4"], id: ["7", "8"], click: [true, false].map(Number) }, "b.parquet");
  const data = await readParquet([first, second], schema);
  assertEquals([data.rows, data.schema.fields[0].vocabulary], [4, ["7", "8"]]);
  const lacking = parquet({ click: [1], id: ["7"] }, "b.parquet");
  await assertRejects(
    () => readParquet([first, lacking], schema),
    RangeError,
    'Cannot read "b.parquet": no column "price" for feature "price", received columns "click", "id"',
  );
  const text = parquet({ click: [1], id: ["7"], price: ["high"] }, "b.parquet");
  await assertRejects(() => readParquet([first, text], schema), SyntaxError, '"b.parquet" row 1: field "price"');
  const places = parquet({ click: [1, 0], place: ["a", "b"] }, "a.parquet");
  await assertRejects(
    () => readParquet([places, golden("types")], { label: "click", features: [categorical("place")] }),
    RangeError,
    'types.parquet": column "place" must hold texts, numbers, times or lists of these, received a struct',
  );
});

Deno.test("a file that is no Parquet, cut off or damaged is refused by name", async () => {
  const bytes = await Deno.readFile(golden("snappy"));
  const read = (content: Uint8Array<ArrayBuffer> | string, name = "x.parquet") => readData(file(content, name), SCHEMA);
  const refused: [Uint8Array<ArrayBuffer> | string, string][] = [
    [bytes.slice(0, 1500), "expected Parquet, received the beginning of it: cut off"],
    ["", "expected Parquet, received no bytes"],
    ["click,user\n1,a\n", "expected Parquet, received other bytes"],
    [await gzip("x"), "expected Parquet, received gzip: unpack it"],
    ["PK\x03\x04....", "expected Parquet, received a zip archive"],
    ["PARE....PARE", "expected Parquet, received encrypted Parquet: decrypt it"],
    ["PAR1....PAR1", "its metadata are damaged"],
  ];
  for (const [content, message] of refused) {
    await assertRejects(() => read(content), SyntaxError, `Cannot read "x.parquet": ${message}`);
  }
  const holed = bytes.slice().fill(255, 4, 60);
  await assertRejects(
    () => read(holed),
    SyntaxError,
    'Cannot read "x.parquet" rows 1 to 16: column "click" is damaged',
  );
  const text = file(bytes, "x.csv");
  await assertRejects(() => readData(text, SCHEMA), SyntaxError, "received Parquet: read it as parquet");
  assertEquals((await readData(text, SCHEMA, { format: "parquet" })).rows, 40);
});

Deno.test("bytes that are no text are refused", async () => {
  const columnData = [
    { name: "click", data: [1, 0] },
    { name: "word", data: [Uint8Array.of(0xff, 0xfe), Uint8Array.of(65)], type: "BYTE_ARRAY" as const },
  ];
  const part = new File([parquetWriteBuffer({ columnData })], "x.parquet");
  await assertRejects(
    () => readParquet(part, { label: "click", features: [categorical("word")] }),
    SyntaxError,
    'column "word" is damaged: expected text in utf-8, received other bytes',
  );
});

Deno.test("decimals that are stored as bytes have all their digits", async () => {
  const columnData = [{ name: "click", data: [1, 0] }, { name: "price", data: [2.56, -0.01] }];
  const bytes = parquetWriteBuffer({
    columnData,
    schema: [
      { name: "root", num_children: 2 },
      { name: "click", type: "INT32", repetition_type: "REQUIRED" },
      {
        ...{ name: "price", type: "BYTE_ARRAY", repetition_type: "REQUIRED" },
        ...{ converted_type: "DECIMAL", scale: 2, precision: 10 },
      },
    ],
  });
  const data = await readParquet(new File([bytes], "x.parquet"), { label: "click", features: [categorical("price")] });
  assertEquals(data.schema.fields[0].vocabulary, ["-0.01", "2.56"]);
});

Deno.test("Parquet comes from an address that knows ranges, one that does not, and a stream", async () => {
  const bytes = await Deno.readFile(golden("zstd"));
  const expected = await partsOf(await readCsv(file(csv), SCHEMA));
  const ranges: string[] = [];
  await using server = Deno.serve({ port: 0, onListen: () => {} }, (request) => {
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "");
    if (!range || new URL(request.url).pathname.startsWith("/plain/")) return new Response(bytes);
    ranges.push(range[0]);
    const [start, end] = range.slice(1).map(Number);
    const headers = { "content-range": `bytes ${start}-${end}/${bytes.length}` };
    return new Response(bytes.slice(start, end + 1), { status: 206, headers });
  });
  const address = `http://localhost:${server.addr.port}`;
  const stream = { name: "rows", stream: () => new Blob([bytes]).stream() };
  assertEquals(await partsOf(await readParquet(`${address}/a.parquet`, SCHEMA)), expected);
  assertEquals(ranges.length > 5, true);
  assertEquals(await partsOf(await readParquet(new URL(`${address}/plain/a.parquet`), SCHEMA)), expected);
  assertEquals(await partsOf(await readParquet(stream, SCHEMA)), expected);
});

Deno.test("options of text are not those of Parquet", async () => {
  const options = { delimiter: "," } as unknown as { limit: number };
  await assertRejects(() => readParquet(golden("none"), SCHEMA, options), TypeError, 'received "delimiter"');
  await assertRejects(() => readJsonLines([], SCHEMA), RangeError, "there must be a file, received none");
});
