import { type ColumnSource, parquetWriteBuffer } from "npm:hyparquet-writer@0.17.0";
import { FittedSchema } from "../../src/data/fitted_schema.ts";
import { encodeColumns } from "../../src/data/encode_columns.ts";
import { readCsvSplit } from "../../src/data/refit.ts";
import { readData } from "../../src/data/read_data.ts";
import { readRows, type Row } from "../../src/data/rows.ts";
import { categorical, numeric, parseSchema, type Schema, sequence } from "../../src/data/schema.ts";
import { createTextForm, textRulesOf } from "../../src/data/text_rules.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { file } from "./files.ts";

Deno.test("texts change by Unicode form, blanks and case, in this order", () => {
  const form = createTextForm({ trim: true, lowerCase: true, unicode: "NFKC" })!;
  assertEquals([" ＡＢ", "\u00a0Zu\u0308rich ", "ﬁt", "ℌ"].map(form), ["ab", "zürich", "fit", "h"]);
  assertEquals(createTextForm({ unicode: "NFC" })!("e\u0301 ＡＢ"), "é ＡＢ");
  assertEquals(createTextForm({ trim: false, lowerCase: false, unicode: "none" }), undefined);
});

Deno.test("a feature's rules go before the schema's, and a sequence has those of its feature", () => {
  const features = [
    categorical("id", { lowerCase: false, unicode: "none" }),
    categorical("site"),
    numeric("price", { trim: false }),
    sequence("sites", { of: "id" }),
  ];
  const rules = textRulesOf(features, { trim: true, lowerCase: true, unicode: "NFC" });
  const common = { trim: true, lowerCase: true, unicode: "NFC" };
  const own = { trim: true, lowerCase: false, unicode: "none" };
  assertEquals(rules as unknown[], [own, common, { ...common, trim: false }, own]);
});

const SCHEMA: Schema = {
  label: "y",
  lowerCase: true,
  unicode: "NFKC",
  trim: true,
  features: [
    categorical("user"),
    categorical("id", { lowerCase: false, trim: false }),
    numeric("price"),
    sequence("seen", { of: "user" }),
    sequence("tags", { weights: ":" }),
  ],
};
const HEADER = "y,user,id,price,seen,tags";
const TRAINING = [
  HEADER,
  "1, Ann ,A, 3 ,bob|ANN,T:2",
  "0,ann,a,４,BOB,t",
  "1,N/A,A ,n/a,n/a,",
  "0,Ｂob,a,5,Ann | n/a,u",
];

/** Reads the training rows with the texts that mean missing. */
function readTraining() {
  return readData(file(TRAINING.join("\n")), SCHEMA, { missing: ["", "N/A"] });
}

Deno.test("vocabularies, sequences, numbers and texts that mean missing are in one form", async () => {
  const { schema, ids, values, histories, coverage } = await readTraining();
  assertEquals(schema.fields.map(({ vocabulary }) => vocabulary), [["ann", "bob"], ["a", "A", "A "], undefined]);
  assertEquals(schema.sequences.map(({ vocabulary }) => vocabulary), [["ann", "bob"], ["t", "u"]]);
  assertEquals([...ids].slice(0, 4), [2, 2, 1, 3]);
  assertEquals([...values!].slice(8), [3, 4, 1, 5]);
  assertEquals(coverage!.map(({ missing }) => missing), [1, 0, 1, 1, 0]);
  assertEquals([...histories[0].ids], [3, 2, 3, 2, 1]);
  assertEquals([[...histories[1].weights!], [...histories[1].offsets]], [[2, 1, 1], [0, 1, 2, 2, 3]]);
});

Deno.test("all readers and requests treat texts alike", async () => {
  const { schema } = await readTraining();
  const fitted = FittedSchema.fromJSON(JSON.parse(JSON.stringify(schema)));
  assertEquals([fitted.text, fitted.trim], [{ lowerCase: true, unicode: "NFKC" }, true]);
  assertEquals(await fitted.fingerprint(), await schema.fingerprint());
  const rows: Row[] = [
    { user: "ANN ", id: "A ", price: " 7", seen: ["Ｂob", "n/a"], tags: "T:3|V" },
    { user: "n/A", id: "x", price: "N/a", seen: " bob ", tags: null },
  ];
  const direct = readRows(rows, fitted);
  assertEquals([...direct.ids].slice(0, 2), [2, 1]);
  const lines = rows.map((row) => JSON.stringify(row)).join("\n");
  const text = [HEADER, "0,ANN ,A , 7,Ｂob|n/a,T:3|V", "0,n/A,x,N/a, bob ,"].join("\n");
  const columns = new Map(Object.keys(rows[0]).map((name) => [name, { values: rows.map((row) => row[name]) }]));
  const columnData = Object.keys(rows[0]).map((name) => ({
    name,
    data: rows.map((row) => Array.isArray(row[name]) ? row[name].join("|") : row[name]),
  }));
  const parquet = new File([parquetWriteBuffer({ columnData: columnData as ColumnSource[] })], "r.parquet");
  const others = [
    await readData(parquet, fitted, { labeled: false }),
    await readData(file(lines, "r.jsonl"), fitted, { labeled: false }),
    await readData(file(text), fitted, { labeled: false }),
    encodeColumns(fitted, 2, columns),
  ];
  for (const { ids, values, histories } of others) {
    assertEquals([ids, values, histories], [direct.ids, direct.values, direct.histories]);
  }
});

Deno.test("a split that is encoded again treats texts once", async () => {
  const [training, test] = await readCsvSplit(file(TRAINING.join("\n")), SCHEMA, [0.5, 0.5], {
    ...{ by: "position", missing: ["", "N/A"] },
  });
  assertEquals(training.schema.fields[0].vocabulary, ["ann"]);
  assertEquals(training.schema.fields[1].vocabulary, ["A", "a"]);
  assertEquals(test.coverage!.slice(0, 3).map(({ missing, unseen }) => [missing, unseen]), [[1, 1], [0, 1], [1, 0]]);
});

Deno.test("a schema without rules has the fingerprint that it always had", async () => {
  const rows = [{ y: 1, u: "a", x: 1 }, { y: 0, u: "B", x: 3 }];
  const plain = readRows(rows, { label: "y", features: [categorical("u"), numeric("x")] }).schema;
  assertEquals(await plain.fingerprint(), "b7a3d361bbaf1e6952979e82cc83993f34547194955c8547dfeab5b1cf80d78c");
  const features = [categorical("u"), numeric("x", { buckets: 2 })];
  const trimmed = readRows(rows, { label: "y", features }, { trim: true }).schema;
  assertEquals(await trimmed.fingerprint(), "bba5ffb6c1dac501ab8b2362efd122a31876a1525683ce10dc548de939152dcf");
  assertEquals(
    await readRows(rows, { label: "y", features, trim: true }).schema.fingerprint(),
    await trimmed.fingerprint(),
  );
});

Deno.test("rules of a wrong kind are refused", () => {
  const parse = (extra: object) => () => parseSchema({ label: "y", features: [categorical("u")], ...extra });
  assertThrows(parse({ lowerCase: "yes" }), TypeError, 'lowerCase of it must be true or false, received "yes"');
  assertThrows(parse({ unicode: "NFD" }), RangeError, 'unicode of it must be none, NFC or NFKC, received "NFD"');
  assertThrows(() => categorical("u", { trim: 1 as unknown as true }), TypeError, 'trim of feature "u"');
  assertThrows(
    () => sequence("s", { of: "u", lowerCase: true }),
    TypeError,
    'texts of feature "s" are treated as those of "u", received rules of its own',
  );
});
