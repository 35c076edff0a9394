import type { Dataset } from "../../src/data/dataset.ts";
import { readData, type ReadDataOptions } from "../../src/data/read_data.ts";
import { readDataSplit } from "../../src/data/refit.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric, type Schema, sequence } from "../../src/data/schema.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { inFolder } from "../folder.ts";

const SCHEMA: Schema = {
  label: "y",
  time: "t",
  weight: "w",
  features: [categorical("user"), numeric("price", { scale: "log" }), sequence("seen", { of: "user" })],
};

const ROWS = [
  "y,t,w,user,price,seen",
  "1,5,1,a,3,a|b",
  "0,6,2,b,,",
  "maybe,6,1,b,1,",
  "1,7,0.5,c,2,c|x|a",
  ",8,1,a,1,b",
];

/** Writes the rows and returns what reads them through a cache, with what the cache says. */
async function setUp(folder: string, rows = ROWS) {
  const path = `${folder}/t.csv`;
  const cache = `${folder}/cache/of rows`;
  await Deno.writeTextFile(path, rows.join("\n"));
  const said: string[] = [];
  const onCache = (message: string) =>
    void said.push(message.replaceAll(folder, "").replace(/[0-9a-f]{16}-.*weft/, "ROWS"));
  const options = { cache, onCache, onBadRow: "skip" } as const;
  const read = (schema: Schema | Dataset["schema"] = SCHEMA, more: ReadDataOptions = {}) =>
    readData(path, schema, { ...options, ...more });
  const files = async () => {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(cache)) names.push(name);
    return names.sort();
  };
  return { path, cache, said, options, read, files };
}

/** Everything that a data set holds. */
function contentOf(data: Dataset) {
  const { schema, ...rest } = data;
  return { ...rest, schema: JSON.stringify(schema.toJSON()) };
}

const USED = "cache: using the rows of /cache/of rows/ROWS";
const NEW = "cache: encoding the rows, which it does not have";

Deno.test("readData takes the rows of unchanged files from the cache, all that they hold", () =>
  inFolder(async (folder) => {
    const { read, said, files, path } = await setUp(folder);
    const expected = await readData(path, SCHEMA, { onBadRow: "skip" });
    const [first, second] = [await read(), await read()];
    assertEquals(said, [NEW, USED]);
    assertEquals(contentOf(first), contentOf(expected));
    assertEquals(contentOf(second), contentOf(expected));
    assertEquals([second.rows, second.skipped, second.missingLabels, (await files()).length], [3, 1, 1, 1]);
  }));

Deno.test("readData encodes afresh whatever has changed, and says what", () =>
  inFolder(async (folder) => {
    const { read, said, files, path } = await setUp(folder);
    await read();
    await read({ ...SCHEMA, features: [categorical("user", { minCount: 2 })] });
    await read(SCHEMA, { limit: 2 });
    await read({ label: "y", features: [categorical("user")] }, { missing: ["a"] });
    assertEquals(said, [
      NEW,
      "cache: encoding the rows, which it has with another schema",
      "cache: encoding the rows, which it has with other options",
      "cache: encoding the rows, which it has with another schema and other options",
    ]);
    assertEquals((await files()).length, 4);
    said.length = 0;
    // The same size, another time.
    await Deno.writeTextFile(path, ROWS.join("\n").replace("1,5,1,a", "1,5,1,z"));
    await Deno.utime(path, 1, 1);
    assertEquals((await read()).schema.fields[0].vocabulary, ["b", "c", "z"]);
    await read();
    assertEquals(said, ["cache: encoding the rows, since the files have changed", USED]);
    assertEquals((await files()).length, 4, "the old rows are gone, those of other schemas stay");
  }));

Deno.test("readData never uses a damaged file of the cache", () =>
  inFolder(async (folder) => {
    const { read, said, files, cache } = await setUp(folder);
    const expected = contentOf(await read());
    const path = `${cache}/${(await files())[0]}`;
    const whole = await Deno.readFile(path);
    const damage = [
      (bytes: Uint8Array) => bytes.with(bytes.length - 100, bytes[bytes.length - 100] ^ 1),
      (bytes: Uint8Array) => bytes.subarray(0, bytes.length / 2),
      () => new Uint8Array(0),
    ];
    for (const change of damage) {
      await Deno.writeFile(path, change(whole));
      said.length = 0;
      assertEquals(contentOf(await read()), expected);
      assertEquals(said.length, 1);
      assertEquals(
        said[0].replace(/ROWS": .*; /, 'ROWS"; '),
        'warning: Cannot load "/cache/of rows/ROWS"; encoding the rows afresh',
      );
      assertEquals(await Deno.readFile(path), whole);
    }
  }));

Deno.test("rows of a fitted schema come back with that schema, and those of another are others", () =>
  inFolder(async (folder) => {
    const { read, said } = await setUp(folder);
    const { schema } = await read();
    said.length = 0;
    const [first, second] = [await read(schema), await read(schema)];
    assert(second.schema === schema);
    assertEquals(contentOf(second), contentOf(first));
    const other = readRows([{ y: 1, t: 1, w: 1, user: "a", price: 1, seen: "" }], SCHEMA).schema;
    await read(other);
    assertEquals(said, [
      "cache: encoding the rows, which it has with another schema",
      USED,
      "cache: encoding the rows, which it has with another schema",
    ]);
  }));

Deno.test("readDataSplit keeps its parts, by how they are divided", () =>
  inFolder(async (folder) => {
    const rows = Array.from({ length: 40 }, (_, row) => `${row % 2},${row},1,${row % 7},${row},`);
    const { path, said, options } = await setUp(folder, [ROWS[0], ...rows]);
    const split = (fractions: number[], seed: number, by = {}) =>
      readDataSplit(path, SCHEMA, fractions, { seed, ...by, ...options });
    const first = await split([0.5, 0.5], 1);
    const second = await split([0.5, 0.5], 1);
    assertEquals(second.map(contentOf), first.map(contentOf));
    assert(second[0].schema === second[1].schema);
    assert(second[0].schema !== first[0].schema);
    await split([0.5, 0.5], 2);
    await split([0.6, 0.4], 1);
    await split([0.5, 0.5], 1, { by: "group", column: "user" });
    assertEquals(said, [NEW, USED, ...Array(3).fill("cache: encoding the rows, which it has with other options")]);
  }));

Deno.test("a cache knows files in memory by their bytes, and refuses what it cannot know again", () =>
  inFolder(async (folder) => {
    const { said, options } = await setUp(folder);
    const read = (text: string) =>
      readData(new File([text], "t.csv"), { label: "y", features: [categorical("user")] }, options);
    await read("y,user\n1,a\n");
    await read("y,user\n1,a\n");
    await read("y,user\n1,b\n");
    assertEquals(said, [NEW, USED, "cache: encoding the rows, since the files have changed"]);
    const stream = { name: "pipe", stream: () => new Blob(["y,user\n1,a\n"]).stream() };
    await assertRejects(() => readData(stream, SCHEMA, options), TypeError, 'Cannot cache "pipe": it must be a file');
    await assertRejects(() => readData([{ y: 1 }], SCHEMA, options), TypeError, "Cannot cache rows");
    await assertRejects(() => readData(`${folder}/none.csv`, SCHEMA, options), Error, 'none.csv": ');
  }));
