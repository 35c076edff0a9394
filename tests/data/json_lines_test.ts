import { readCsv } from "../../src/data/csv.ts";
import { readJsonLines, readObjects } from "../../src/data/json_lines.ts";
import { keepTexts } from "../../src/data/kept_texts.ts";
import { refitSplit } from "../../src/data/refit.ts";
import { categorical, numeric, type Schema, sequence } from "../../src/data/schema.ts";
import type { WatchedRow } from "../../src/data/watcher.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { file, gzip } from "./files.ts";

const SCHEMA: Schema = {
  label: "click",
  time: "ts",
  features: [
    categorical("item"),
    numeric("price", { scale: "log" }),
    sequence("history", { of: "item", maxLength: 2 }),
    sequence("tags", { weights: ":", combiner: "mean" }),
  ],
};

const CSV = "click,item,price,history,tags,ts\n1,7,0.5,b|7|a,x:2|y,1\n0,b,,,,2\n1,true,3,a,z,3\n";

const LINES = [
  '{"click": 1, "item": 7, "price": 0.5, "history": ["b", 7, "a"], "tags": ["x:2", "y"], "ts": 1}',
  '{"click": "0", "item": "b", "price": null, "ts": 2, "more": {"deep": []}}',
  "",
  '{"click": true, "item": true, "price": "3", "history": "a", "tags": "z", "ts": 3}\r',
].map((line) => line.replace('"click": true', '"click": 1'));

const lines = (...more: string[]) => file([...LINES, ...more].join("\n"), "clicks.jsonl");

Deno.test("JSON lines become the data set of the same rows in CSV, plain and gzip", async () => {
  const expected = await readCsv(file(CSV), SCHEMA);
  for (const source of [lines(), file(await gzip(LINES.join("\n")), "clicks.jsonl.gz")]) {
    const data = await readJsonLines(source, SCHEMA);
    assertEquals(await data.schema.fingerprint(), await expected.schema.fingerprint());
    assertEquals([data.ids, data.values, data.labels], [expected.ids, expected.values, expected.labels]);
    assertEquals([data.histories, data.times, data.coverage], [expected.histories, expected.times, expected.coverage]);
  }
  const fitted = await readJsonLines([lines(), lines()], expected.schema, { limit: 4, labeled: false });
  assertEquals([fitted.rows, fitted.labeled], [4, false]);
});

Deno.test("a malformed line is refused by its number, or left out and counted", async () => {
  const bad: [line: string, reason: string][] = [
    ['{"click": 1, "item": ', 'expected a JSON object, received "{\\"click\\": 1, \\"item\\": "'],
    ["[1, 2]", 'expected a JSON object, received "[1, 2]"'],
    ['{"click": 1, "item": {"id": 1}}', '"item" must be a text, a number, a BigInt or a boolean, received {"id":1}'],
    ['{"click": 1, "item": ["a"]}', '"item" must be a text, a number, a BigInt or a boolean, received ["a"]'],
    ['{"click": 1, "item": 12345678901234567890}', 'field "item": expected a number that a double holds exactly'],
    ['{"click": 1, "ts": 4, "history": [1e300]}', 'field "history": expected a number that a double holds exactly'],
    ['{"click": 1, "ts": 4, "history": [null, {}]}', '"history" must be a text'],
    ['{"click": 1, "ts": 4, "price": "dear"}', 'field "price": expected a finite number, received "dear"'],
    ['{"click": 1, "ts": 4, "tags": ["a:b"]}', 'field "tags": expected a number behind ":"'],
    ['{"click": 2, "ts": 4}', 'column "click": '],
    ['{"click": 1, "ts": "soon"}', 'column "ts": expected a number'],
  ];
  for (const [line, reason] of bad) {
    await assertRejects(
      () => readJsonLines(lines(line), SCHEMA),
      SyntaxError,
      `Cannot read "clicks.jsonl" line 5: ${reason}`,
    );
  }
  const data = await readJsonLines(lines(...bad.map(([line]) => line), '{"item": 1}'), SCHEMA, { onBadRow: "skip" });
  assertEquals([data.rows, data.skipped, data.missingLabels], [3, bad.length, 1]);
  assertEquals(data.skippedReasons[1], 'clicks.jsonl:6: expected a JSON object, received "[1, 2]"');
});

Deno.test("what does not fit the schema or the options is refused", async () => {
  const refuse = (schema: Schema, options: object, message: string, source = lines()) =>
    assertRejects(() => readJsonLines(source, schema, options), Error, message);
  const usr = { label: "click", features: [categorical("usr")] };
  await refuse(usr, {}, 'no line has "usr", received keys "click", "item", "price"');
  await refuse(SCHEMA, { unknown: "error" }, 'line 2: columns are "item", "price", "history", "tags", "click", "ts"');
  await refuse(SCHEMA, { labeled: false }, "fitting needs labels");
  await refuse(SCHEMA, { delimiter: "," }, 'received "delimiter"');
  await refuse(SCHEMA, { limit: 0 }, "limit must be above 0");
  await refuse(SCHEMA, { onBadRow: "mark" }, 'onBadRow must be "error" or "skip"');
  await refuse(SCHEMA, { unknown: "skip" }, 'unknown must be "error" or "ignore"');
  await refuse(SCHEMA, {}, "there must be a row to fit to, received none", file("\n", "empty.jsonl"));
  const { schema } = await readJsonLines(lines(), SCHEMA);
  await refuse(schema as unknown as Schema, { missing: ["-"] }, "a fitted schema has its own missing");
  assertEquals((await readJsonLines(file("", "empty.jsonl"), schema)).rows, 0);
});

Deno.test("a fitted schema takes lines without label and time, and the columns that they lack as missing", async () => {
  const { schema } = await readJsonLines(lines(), SCHEMA);
  const data = await readJsonLines(file('{"item": "b"}\n{}\n', "new.jsonl"), schema, { labeled: false });
  assertEquals([data.rows, data.times, data.coverage!.map(({ missing }) => missing)], [2, undefined, [1, 2, 0, 0]]);
});

Deno.test("lists survive a split before fitting, separators within their values too", async () => {
  const odd = ['{"click": 0, "item": "p|q", "history": ["p|q", "", "new"], "ts": 4}'];
  const source = () => lines(...odd);
  const whole = await readObjects(source(), keepTexts(SCHEMA), {});
  const [training, test] = refitSplit(whole, SCHEMA, [0.75, 0.25], { by: "position" });
  const expected = await readJsonLines(lines(), SCHEMA);
  assertEquals([training.ids, training.histories], [expected.ids, expected.histories]);
  const later = await readJsonLines(source(), expected.schema);
  assertEquals(test.histories[0], later.slice(3, 4).histories[0]);
});

Deno.test("watchers see the texts of every line", async () => {
  const { schema } = await readJsonLines(lines(), SCHEMA);
  const rows: WatchedRow[] = [];
  const watcher = { columns: ["item", "history"], row: (row: WatchedRow) => void rows.push(row) };
  await readObjects(lines("oops"), schema, { onBadRow: "skip" }, watcher);
  assertEquals(rows.map(({ line, texts }) => [line, ...texts]), [
    [1, "7", '["b",7,"a"]'],
    [2, "b", ""],
    [4, "true", "a"],
    [5, "", ""],
  ]);
  assertEquals(rows.map(({ fault }) => fault !== undefined), [false, false, false, true]);
});
