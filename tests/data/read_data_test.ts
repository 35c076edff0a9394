import { readCsv } from "../../src/data/csv.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { readLibsvm } from "../../src/data/libsvm.ts";
import { readData } from "../../src/data/read_data.ts";
import { readEvents } from "../../src/data/read_events.ts";
import { categorical, numeric, type Schema, sequence } from "../../src/data/schema.ts";
import { listSources, partitionsOf } from "../../src/data/source_list.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { parquetWriteBuffer } from "npm:hyparquet-writer@0.17.0";
import { inFolder } from "../folder.ts";
import { file, gzip } from "./files.ts";

const SCHEMA: Schema = { label: "y", features: [categorical("user")] };

/** Writes files into a folder, with the folders between. */
async function write(folder: string, files: Record<string, string | Uint8Array>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const whole = `${folder}/${path}`;
    await Deno.mkdir(whole.slice(0, whole.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(whole, typeof content === "string" ? new TextEncoder().encode(content) : content);
  }
}

function parquet(columns: Record<string, unknown[]>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    parquetWriteBuffer({ columnData: Object.entries(columns).map(([name, data]) => ({ name, data })) }),
  );
}

/** Returns the text of a field in each row. */
function textsOf(data: Dataset, f = 0): (string | undefined)[] {
  const { offset, missing, vocabulary } = data.schema.fields[f];
  const ids = data.ids.subarray(f * data.rows, (f + 1) * data.rows);
  return [...ids].map((id) => vocabulary![id - offset - (missing ? 2 : 1)]);
}

Deno.test("folders and patterns are lists of files in the order of their paths", () =>
  inFolder(async (folder) => {
    const names = [
      "b.csv",
      "a/2.csv",
      "a/10.csv",
      "a/_SUCCESS",
      "a/.part.crc",
      "_temporary/x.csv",
      "x[1].csv",
      "c.csv.gz",
    ];
    await write(folder, Object.fromEntries(names.map((name) => [name, ""])));
    await Deno.symlink(`${folder}/a`, `${folder}/linked`);
    const list = async (path: string) =>
      (await listSources(`${folder}/${path}`)).map((found) => String(found).slice(folder.length + 1));
    assertEquals(await list(""), [
      "a/10.csv",
      "a/2.csv",
      "b.csv",
      "c.csv.gz",
      "linked/10.csv",
      "linked/2.csv",
      "x[1].csv",
    ]);
    assertEquals(await list("a/"), ["a/10.csv", "a/2.csv"]);
    assertEquals(await list("*.csv"), ["b.csv", "x[1].csv"]);
    assertEquals(await list("{b,c}.csv*"), ["b.csv", "c.csv.gz"]);
    assertEquals(await list("?/[0-9].csv"), ["a/2.csv"]);
    assertEquals(await list("a*"), ["a/10.csv", "a/2.csv"]);
    assertEquals(await list("**/2.csv"), ["a/2.csv", "linked/2.csv"]);
    assertEquals(await list("_*/*.csv"), ["_temporary/x.csv"]);
    assertEquals(await list("x[1].csv"), ["x[1].csv"]);
    assertEquals(await list("new.csv"), ["new.csv"]);
    assertEquals(await listSources(["https://host/*.csv", new URL("file:///x")]), [
      "https://host/*.csv",
      new URL("file:///x"),
    ]);
    await assertRejects(() => list("*.tsv"), RangeError, "a file must have such a name, received none");
    await Deno.mkdir(`${folder}/empty`);
    await assertRejects(() => list("empty"), RangeError, 'empty": there must be a file in it, received none');
  }));

Deno.test("names of folders hold columns, which can be a feature, the time or the label", () =>
  inFolder(async (folder) => {
    const days = {
      "dt=2026-11-27/ad=a%2Fb/part-0.csv": "y,user\n1,u\n0,v\n",
      "dt=2026-11-28/ad=__HIVE_DEFAULT_PARTITION__/part-0.parquet": parquet({ y: [1], user: ["u"] }),
      "dt=2026-11-28/ad=c/_part-1.csv": "broken",
    };
    await write(folder, days);
    const data = await readData(folder, { label: "y", time: "dt", features: [categorical("user"), categorical("ad")] });
    assertEquals([textsOf(data), textsOf(data, 1)], [["u", "v", "u"], ["a/b", "a/b", undefined]]);
    assertEquals([...data.times!].map((time) => new Date(time).toISOString().slice(0, 10)), [
      ...["2026-11-27", "2026-11-27", "2026-11-28"],
    ]);
    const labeled: Schema = { label: "dt", positive: "2026-11-28", features: [categorical("user")] };
    assertEquals([...(await readData(`${folder}/dt=*`, labeled)).labels], [0, 0, 1]);
  }));

Deno.test("a column of a folder's name that the file has too is refused, and rows of another width stay malformed", async () => {
  const twice = file("y,user,dt\n1,a,2\n", "dt=1/a.csv");
  const schema: Schema = { ...SCHEMA, features: [categorical("user"), categorical("dt")] };
  await assertRejects(() => readData(twice, schema), RangeError, 'several columns "dt" for feature "dt"');
  assertEquals((await readData(twice, SCHEMA)).rows, 1);
  const wide = file("y,user\n1,a,2\n", "dt=1/a.csv");
  await assertRejects(() => readData(wide, schema), SyntaxError, 'a.csv" line 2: expected 2 fields, received 3');
  const lines = file('{"y":1,"user":"a"}\n{"y":0,"user":"b","dt":3}\n', "dt=1/a.jsonl");
  const data = await readData(lines, schema, { onBadRow: "skip" });
  assertEquals([data.rows, textsOf(data, 1)], [1, ["1"]]);
  assertEquals(data.skippedReasons, [
    'dt=1/a.jsonl:2: expected a key "dt" in the row or in the folder\'s name, received both',
  ]);
  assertEquals(partitionsOf("https://h/a=b/c=%zz/x=1.csv?d=e/f"), [{ name: "a", text: "b" }, {
    name: "c",
    text: "%zz",
  }]);
});

Deno.test("delimited text and Parquet are read together, other forms alone", async () => {
  const text = file("y,user\n1,a\n", "a.csv");
  const packed = file(await gzip("user\ty\nb\t0\n"), "b.tsv.gz");
  const binary = file(parquet({ user: ["a"], y: [0] }), "c.parquet");
  const data = await readData([text, packed, binary], SCHEMA);
  assertEquals([data.rows, textsOf(data)], [3, ["a", "b", "a"]]);
  const lines = file('{"y":1,"user":"a"}\n', "d.jsonl");
  await assertRejects(
    () => readData([text, lines], SCHEMA),
    RangeError,
    'files must be of one form, received csv "a.csv" and jsonl "d.jsonl"; tell the format',
  );
  const unnamed = file('{"y":1,"user":"a"}\n', "d.log");
  assertEquals((await readData([lines, unnamed], SCHEMA, { format: "jsonl" })).rows, 2);
  await assertRejects(
    () => readData(text, SCHEMA, { format: "xml" as "csv" }),
    RangeError,
    "format must be one of csv,",
  );
  await assertRejects(() => readData(lines, SCHEMA, { delimiter: "," }), TypeError, 'received "delimiter"');
});

Deno.test("rows of libsvm and rows in memory are read with what they have", async () => {
  const rows = file("1 7:1 8:1\n0 7:1 9:1\n", "x.libsvm");
  const { schema } = await readLibsvm(rows);
  assertEquals((await readData(rows, schema)).ids, (await readLibsvm(rows)).ids);
  await assertRejects(() => readData(rows, SCHEMA), TypeError, "libsvm files have a schema of their own");
  const data = await readData([{ y: 1, user: "a", more: [] }, { y: 0, user: "b" }], SCHEMA);
  assertEquals([textsOf(data), [...data.labels]], [["a", "b"], [1, 0]]);
  const unlabeled = await readData([{ user: "b" }], data.schema, { labeled: false });
  assertEquals(textsOf(unlabeled), ["b"]);
});

Deno.test("logs of events are folders of Parquet too", () =>
  inFolder(async (folder) => {
    const columns = { user: "who", item: "item", time: "at" };
    const schema: Schema = { label: "y", features: [categorical("item"), sequence("history", { of: "item" })] };
    const log = "y,who,item,at\n1,u,a,1\n0,u,b,2\n1,u,a,3\n";
    await write(folder, {
      "log/1.parquet": parquet({ y: [1, 0], who: ["u", "u"], item: ["a", "b"], at: [1, 2] }),
      "log/2.parquet": parquet({ y: [1], who: ["u"], item: ["a"], at: [3] }),
    });
    const [expected, data] = [
      await readEvents(file(log), schema, columns),
      await readEvents(`${folder}/log`, schema, columns),
    ];
    assertEquals([data.ids, data.histories], [expected.ids, expected.histories]);
    await assertRejects(() => readEvents("x.libsvm", schema, columns), TypeError, "a log must have columns");
  }));

Deno.test("a field of 10 MB is read, and one in quotes that never end is malformed", async () => {
  const long = "x".repeat(10_000_000);
  const data = await readCsv(file(`y,user\n1,${long}\n0,b\n`), SCHEMA);
  assertEquals(textsOf(data).map((text) => text!.length), [10_000_000, 1]);
  const open = file(`y,user\n1,"${long}\n0,b\n1,c\n`);
  const skipped = await readCsv(open, SCHEMA, { onBadRow: "skip" });
  assertEquals([skipped.rows, skipped.skipped], [2, 1]);
  const cells = parquet({ y: [1, 0], user: [long, "b"] });
  assertEquals(textsOf(await readData(file(cells, "x.parquet"), SCHEMA))[0]!.length, 10_000_000);
});

Deno.test("a column that a second text file lacks, or has twice, is refused by the file's name", async () => {
  const first = file("y,user,price\n1,a,1\n", "a.csv");
  const schema: Schema = { ...SCHEMA, features: [categorical("user"), numeric("price")] };
  const read = (text: string) => readData([first, file(text, "b.csv")], schema);
  await assertRejects(() => read("y,user\n0,a\n"), RangeError, '"b.csv": no column "price" for feature "price"');
  await assertRejects(() => read("y,user,price,price\n0,a,1,1\n"), RangeError, '"b.csv": several columns "price"');
  await assertRejects(() => read("y,user,price\n0,a,high\n"), SyntaxError, '"b.csv" line 2: field "price"');
  await assertRejects(() => read(""), SyntaxError, '"b.csv": expected a line of columns, received no text');
  assertEquals((await read("\ufeffprice,y,user\r\n2,0,b\r\n")).rows, 2);
  const packed = await gzip("y,user,price\n".concat(...Array.from({ length: 999 }, (_, i) => `0,${i},${i * i}\n`)));
  const cut = file(packed.slice(0, packed.length - 99), "b.csv.gz");
  await assertRejects(() => readData([first, cut], schema), SyntaxError, 'Cannot read "b.csv.gz" after line');
});
