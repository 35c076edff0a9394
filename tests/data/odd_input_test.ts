import { readCsv, type ReadCsvOptions, readCsvWatched } from "../../src/data/csv.ts";
import { readLibsvm } from "../../src/data/libsvm.ts";
import { readCsvSplit } from "../../src/data/refit.ts";
import { readRows, type Row } from "../../src/data/rows.ts";
import { categorical, numeric, parseSchema, type Schema } from "../../src/data/schema.ts";
import type { WatchedRow } from "../../src/data/watcher.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { inFolder } from "../folder.ts";
import { file, gzip, rowsOf, valuesOf } from "./files.ts";

const SCHEMA: Schema = { label: "y", features: [categorical("u")] };

Deno.test("gzip of several parts is read to the end of the last", async () => {
  const parts = await Promise.all(["y,u\n1,a\n0,", "b\n1,c\n", "0,d\n"].map(gzip));
  const data = await readCsv(file(new Uint8Array(parts.flatMap((part) => [...part])), "all.csv.gz"), SCHEMA);
  assertEquals([data.rows, data.schema.fields[0].vocabulary], [4, ["a", "b", "c", "d"]]);
  const cut = new Uint8Array([...parts[0], ...parts[1].slice(0, -6)]);
  await assertRejects(() => readCsv(file(cut, "cut.csv.gz"), SCHEMA), SyntaxError, "unexpected end of file");
  const damaged = new Uint8Array([...parts[0], ...parts[1]]);
  damaged[damaged.length - 7] ^= 1;
  await assertRejects(() => readCsv(file(damaged, "bad.csv.gz"), SCHEMA), SyntaxError, "incorrect data check");
});

Deno.test("a file that is no text is named, with what to do about it", async () => {
  const cases: [bytes: string, message: string][] = [
    ["PK\x03\x04\x14\x00", "expected text, received a zip archive, or a spreadsheet in one: unpack it or export CSV"],
    ["PAR1\x15\x04\x15\x10", "expected text, received Parquet: read it as parquet, which names in .parquet are"],
    ["\x28\xb5\x2f\xfd\x04\x00", "received packed with zstd: unpack it, or pack the text with gzip"],
    ["BZh91AY&SY\x9f", "received packed with bzip2"],
    [`rows.csv${"\0".repeat(249)}ustar\x0000`, "received a tar archive: unpack it and name the file in it"],
    ["y,u\n1,caf\xe9\n", 'the text is not utf-8: read it with its own encoding, such as "latin1"'],
    ["\xff\xfey\0,\0u\0\n\0", 'the text is utf-16le: read it with encoding "utf-16le"'],
    ["y\0,\0u\0\n\x001\0,\0a\0", "received zero bytes: it may be in another encoding"],
  ];
  for (const [bytes, message] of cases) {
    const content = Uint8Array.from(bytes, (letter) => letter.charCodeAt(0));
    await assertRejects(() => readCsv(file(content, "rows"), SCHEMA), SyntaxError, message);
    if (message.includes("zstd") || message.includes("tar")) {
      const packed = file(await gzipBytes(content), "rows.gz");
      await assertRejects(() => readCsv(packed, SCHEMA), SyntaxError, message);
    }
  }
  // Text may begin with the letters of a format.
  assertEquals((await readCsv(file("ORC,y,u\n1,1,a\n"), SCHEMA)).rows, 1);
});

Deno.test("an encoding is read by its name, and an unknown one refused", async () => {
  const read = (bytes: Uint8Array<ArrayBuffer>, encoding: string) =>
    readCsv(file(bytes, "a.csv"), SCHEMA, { encoding });
  const latin = Uint8Array.from("y,u\n1,caf\xe9\n", (letter) => letter.charCodeAt(0));
  assertEquals((await read(latin, "latin1")).schema.fields[0].vocabulary, ["café"]);
  const text = "y,u\n1,café\n";
  const wide = new Uint8Array(Uint16Array.from(`\ufeff${text}`, (letter) => letter.charCodeAt(0)).buffer);
  assertEquals((await read(wide, "utf-16")).schema.fields[0].vocabulary, ["café"]);
  await assertRejects(() => read(wide, "utf-16be"), SyntaxError, "the text is utf-16le");
  await assertRejects(
    () => read(latin, "latin-9"),
    RangeError,
    "encoding must be a label of TextDecoder such as latin1",
  );
});

Deno.test("trimming removes blanks around fields and names, and the fitted schema keeps doing so", async () => {
  const content = 'age, work, income\n39, State-gov, >50K\n 50, "Self, emp", <=50K\n38, ?, <=50K\n';
  const schema: Schema = {
    label: "income",
    positive: ">50K",
    negative: "<=50K",
    features: [numeric("age"), categorical("work")],
  };
  const options: ReadCsvOptions = { trim: true, missing: ["", "?"] };
  const data = await readCsv(file(content), schema, options);
  assertEquals([[...data.labels], data.schema.fields[1].vocabulary], [[1, 0, 0], ["Self, emp", "State-gov"]]);
  assertEquals([valuesOf(data, 0), data.coverage![1].missing], [[39, 50, 38], 1]);
  assertEquals([...(await readCsv(file(content), data.schema)).ids], [...data.ids]);
  assertEquals(readRows([{ work: " State-gov " }], data.schema).coverage![1].unseen, 0);
  const seen: string[] = [];
  const watcher = { columns: ["work"], row: ({ texts }: WatchedRow) => void seen.push(...texts) };
  await readCsvWatched(file(content), data.schema, {}, watcher);
  assertEquals(seen, ["State-gov", "Self, emp", "?"]);
  await assertRejects(
    () => readCsv(file(content), schema),
    RangeError,
    'no column "work" for feature "work", received columns "age", " work", " income"; trim removes blanks around names',
  );
  const header = ["age", "work", "income"];
  await assertRejects(
    () => readCsv(file(content.split("\n").slice(1, 2).join()), schema, { header }),
    SyntaxError,
    'received " >50K"; trim removes the blanks',
  );
  await assertRejects(
    () => readCsv(file("y,x\n1, ?\n"), { label: "y", features: [numeric("x")] }, { missing: ["?"] }),
    SyntaxError,
    'expected a finite number, received " ?"; trim removes the blanks',
  );
});

Deno.test("trimming leaves blanks that delimit fields, and reaches around and into quotes", async () => {
  const features = [categorical("u"), categorical("v")];
  const read = async (content: string, delimiter: string) => {
    const data = await readCsv(file(content), { label: "y", features }, { trim: true, delimiter });
    return data.schema.fields.map(({ vocabulary }) => vocabulary);
  };
  assertEquals(await read('y\tu\tv\n1\t\t "b ""c"" "\n0\t \t"d"\n', "\t"), [[], ['b "c"', "d"]]);
  assertEquals(await read('y u v\n1  "b"\n0 "" "d e"\n', " "), [[], ["b", "d e"]]);
  assertEquals(await read('y::u::v\n 1 :: "a:: b" :: "c\nd"\n0::x:: "e"  \n', "::"), [["a:: b", "x"], ["c\nd", "e"]]);
  assertEquals(await read('y|u|v\n 1 | "a|b" | ""\n\n   \n0|x| "e"  \n', "|"), [["a|b", "x"], ["e"]]);
});

Deno.test("work grows with the columns, not with their square", async () => {
  const count = 20_000;
  const names = Array.from({ length: count }, (_, column) => `c${column}`);
  let reads = 0;
  const header = new Proxy([...names, "y"], {
    get(target, key, receiver) {
      if (typeof key === "string" && /^\d+$/.test(key)) reads++;
      return Reflect.get(target, key, receiver);
    },
  });
  const features = names.map((name) => categorical(name));
  const row = Array.from({ length: count }, () => "1").join(",");
  const data = await readCsv(file(`${row},1\n${row},0\n`), { label: "y", features }, { header });
  assertEquals([data.rows, data.schema.fields.length], [2, count]);
  assert(reads < 10 * count, `${reads} names were read`);
  let named = 0;
  const counted = features.map((feature) => ({
    ...feature,
    get name() {
      named++;
      return feature.name;
    },
  }));
  parseSchema({ label: "y", features: counted });
  assert(named < 10 * count);
});

Deno.test("100,000 columns are read", async () => {
  const names = Array.from({ length: 100_000 }, (_, column) => `c${column}`);
  const row = names.map(() => "1").join(",");
  const content = `y,${names.join(",")}\n1,${row}\n0,${row}\n`;
  const data = await readCsv(file(content), { label: "y", features: names.map((name) => categorical(name)) });
  assertEquals(data.rows, 2);
  await assertRejects(
    () => readCsv(file(content), { label: "none", features: [categorical("c1")] }),
    RangeError,
    '"c18" and 99981 more',
  );
});

Deno.test("an id that a double does not hold is refused as a number, and kept exact as text or BigInt", () => {
  const { schema } = readRows([{ y: 1, u: 9007199254740993n }, { y: 0, u: "9007199254740992" }], SCHEMA);
  assertEquals(schema.fields[0].vocabulary, ["9007199254740992", "9007199254740993"]);
  assertEquals(rowsOf(readRows([{ u: 2n ** 53n }, { u: 2n ** 53n + 1n }], schema), 0), [1, 2]);
  for (const u of [2 ** 53, 1e21, NaN, Infinity]) {
    assertThrows(
      () => readRows([{ u }], schema),
      SyntaxError,
      `Cannot read row 0: field "u": expected a number that a double holds exactly, received ${u}`,
    );
    assertEquals(readRows([{ u }, { u: 1.5 }], schema, { onBadRow: "skip" }).skipped, 1);
  }
  const numbers = readRows([{ y: 1, x: 3n }, { y: 0, x: 10n ** 20n }], { label: "y", features: [numeric("x")] });
  assertEquals(valuesOf(numbers, 0), [3, Math.fround(1e20)]);
  assertThrows(() => readRows([{ x: 10n ** 50n }], numbers.schema), SyntaxError, "expected a finite number");
});

Deno.test("the text of an error never throws", async () => {
  const { schema } = readRows([{ y: 1, u: "a" }], SCHEMA);
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  for (const value of [{ id: 5n }, [5n], circular, () => 5, Symbol("s")]) {
    assertThrows(() => readRows([{ u: value } as unknown as Row], schema), TypeError, '"u" must be a text');
  }
  assertThrows(() => readRows([5n as unknown as Row], schema), TypeError, "it must be an object, received 5n");
  assertThrows(() => parseSchema({ label: 5n, features: [] }), TypeError, "label of it must be a text, received 5n");
  const read = (options: unknown) => readCsv(file("y,u\n"), SCHEMA, options as ReadCsvOptions);
  await assertRejects(() => read({ onBadRow: 5n }), RangeError, "received 5n");
  await assertRejects(() => read({ delimiter: "" }), RangeError, 'received ""');
});

Deno.test("a declared schema is fitted to rows in memory, times included", () => {
  const rows: Row[] = [
    { y: "yes", u: "a", t: "2024-01-02" },
    { y: "no", u: "b", t: "2024-01-01" },
    { y: "no", u: null, t: "2024-01-03" },
  ];
  const data = readRows(rows, { ...SCHEMA, positive: "yes", time: "t" });
  assertEquals([data.rows, data.labeled, [...data.labels]], [3, true, [1, 0, 0]]);
  assertEquals([rowsOf(data, 0), data.split([0.4, 0.6], { by: "t" })[0].positives], [[2, 3, 1], 0]);
  assertThrows(() => readRows([], SCHEMA), RangeError, "there must be a row, received none");
  assertThrows(() => readRows(rows, SCHEMA, { labeled: false }), TypeError, "fitting needs labels");
  assertThrows(() => readRows(rows, data.schema, { missing: ["?"] }), TypeError, "a fitted schema has its own missing");
  assertEquals(readRows([{ u: "?" }, { u: "a", y: 1 }], SCHEMA, { missing: ["?"], onMissingLabel: "skip" }).rows, 1);
});

Deno.test("a later libffm row may have fields that the first one lacks", async () => {
  const data = await readLibsvm(file("1 0:5:1\n0 0:6:1 2:9:1\n1 0:5:1 1:7:0.5\n"));
  assertEquals(data.schema.fields.map(({ name, missing }) => [name, missing]), [["f0", false], ["f1", true], [
    "f2",
    true,
  ]]);
  assertEquals([0, 1, 2].map((f) => rowsOf(data, f)), [[1, 2, 1], [1, 1, 2], [1, 2, 1]]);
  assertEquals(valuesOf(data, 1), [1, 1, 0.5]);
  const { schema } = data;
  await assertRejects(() => readLibsvm(file("1 3:5:1\n"), { schema }), SyntaxError, "expected fields below 3");
  // A row that is left out adds no field.
  const some = await readLibsvm(file("1 0:5:1\n2 0:5:1 1:5:1\n0 0:5:1 1:x:1\n0 900:5:1\n"), { onBadRow: "skip" });
  assertEquals([some.schema.fields.length, some.skipped], [1, 3]);
});

Deno.test("a day that its month does not have is no date", async () => {
  const schema = { ...SCHEMA, time: "t" };
  const read = (date: string, options = {}) => readCsv(file(`y,u,t\n1,a,2024-02-29\n0,a,${date}\n`), schema, options);
  assertEquals((await read("2024-12-31T23:59:59Z")).rows, 2);
  for (
    const date of ["2024-02-30", "2024-02-31", "2023-02-29", "2024-04-31", "2024-13-01", "2024-00-10", "2024-01-00"]
  ) {
    await assertRejects(
      () => read(date),
      SyntaxError,
      `line 3: column "t": expected a date such as 2014-10-21 01:00:00, received "${date}"`,
    );
    assertEquals((await read(date, { onBadRow: "skip" })).skipped, 1);
  }
});

Deno.test("files are read by file: address as text too", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a b.csv`;
    await Deno.writeTextFile(path, "y,u\n1,a\n");
    const address = new URL(`file://${path}`);
    for (const source of [path, address, address.href]) assertEquals((await readCsv(source, SCHEMA)).rows, 1);
  }));

Deno.test("a file is split before the schema is fitted to the first part", async () => {
  const rows = ["1,a", "0,b", "1,b", "0,c"].join("\n");
  const parts = await readCsvSplit(file(`y,u\n${rows}\n`), SCHEMA, [0.75, 0.25], { by: "position" });
  const alone = await readCsv(file("y,u\n1,a\n0,b\n1,b\n"), SCHEMA);
  assertEquals(parts[0].schema.toJSON(), alone.schema.toJSON());
  assertEquals([parts[1].schema === parts[0].schema, parts[1].coverage![0].unseen], [true, 1]);
  const some = await readCsvSplit(file(`y,u\n${rows}\n,b\n2,b\n`), SCHEMA, [0.5, 0.5], { seed: 1, onBadRow: "skip" });
  assertEquals(some.map(({ skipped, missingLabels }) => [skipped, missingLabels]), [[1, 1], [0, 0]]);
  // The negative label is known from the whole file, also where the first part lacks it.
  const texts = ["yes,a", "yes,b", "no,b", "no,c"].join("\n");
  const named: Schema = { ...SCHEMA, positive: "yes" };
  const [first, second] = await readCsvSplit(file(`y,u\n${texts}\n`), named, [0.5, 0.5], { by: "position" });
  assertEquals([first.schema.negative, first.positives, second.positives], ["no", 2, 0]);
});

async function gzipBytes(content: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([content]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}
