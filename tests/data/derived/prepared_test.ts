/** Features that are made of columns, of texts that are treated and values that are filled in. */
import { encodeColumns } from "../../../src/data/encode_columns.ts";
import { readCsvSplit } from "../../../src/data/refit.ts";
import { readData } from "../../../src/data/read_data.ts";
import { readRows } from "../../../src/data/rows.ts";
import { applyScale } from "../../../src/data/scaling.ts";
import { categorical, type Schema } from "../../../src/data/schema.ts";
import { cross, dateParts, pastRate } from "../../../mod.ts";
import { assertEquals } from "@std/assert";
import { file } from "../files.ts";

const SCHEMA: Schema = {
  ...{ label: "y", time: "at", trim: true, lowerCase: true, unicode: "NFKC" },
  features: [
    categorical("a"),
    cross(["a", "b"], { ifMissing: "mode" }),
    cross(["b", "a"], { name: "exact", lowerCase: false }),
    ...dateParts("at", { parts: ["hour"] }),
    categorical("hashed", { column: "a", hashBuckets: 1000 }),
    pastRate("a", { ifMissing: { value: -1 } }),
  ],
};

const LINES = [
  "y,at,a,b",
  "1,2026-01-01T10:00:00Z, U,X",
  "0,2026-01-02T10:00:00Z,u ,x",
  "1,2026-01-03T11:00:00Z,Ｕ,N/A",
  "0,2026-01-04T11:00:00Z,v,Y",
  "0,2026-01-05T11:00:00Z,V,y",
  "1,2026-01-06T11:00:00Z,n/a,Y",
];

Deno.test("crosses, dates, hashes and statistics take texts as they are treated, in every reader", async () => {
  const data = await readData(file(LINES.join("\n")), SCHEMA, { missing: ["", "N/A"] });
  const { fields } = data.schema;
  const names = fields.map(({ name }) => name);
  assertEquals(fields[0].vocabulary, ["u", "v"]);
  assertEquals(fields[1].vocabulary!.length, 2);
  // Where letters stay as they are, n/a is not the N/A that means missing.
  assertEquals(fields[2].vocabulary!.length, 5);
  const rowsOf = (name: string) => {
    const f = names.indexOf(name);
    return [...data.ids.subarray(6 * f, 6 * f + 6)].map((id) => id - fields[f].offset);
  };
  const hashed = rowsOf("hashed");
  assertEquals([hashed[0], hashed[0], hashed[3]], [hashed[1], hashed[2], hashed[4]]);
  // The most frequent cross stands in where a part is missing.
  assertEquals(rowsOf(names[1]), [1, 1, 1, 2, 2, 1]);
  assertEquals(data.coverage![1].filled, 2);
  const asked = [
    { a: "u", b: "x", at: "2026-02-01T10:00:00Z" },
    { a: " V", b: "N/a", at: "2026-02-01T11:00:00Z" },
    { a: null, b: "y", at: "2026-02-01T11:00:00Z" },
  ];
  const rows = readRows(asked, data.schema);
  const columns = new Map(["a", "b", "at"].map((name) => [name, { values: asked.map((row) => row[name as "a"]) }]));
  const encoded = encodeColumns(data.schema, 3, columns);
  assertEquals([encoded.ids, encoded.values], [rows.ids, rows.values]);
  const { scaling, fill } = fields.at(-1)!;
  assertEquals([fill, rows.values!.at(-1)], [-1, Math.fround(applyScale(scaling!, -1))]);
});

Deno.test("rows that are divided first and encoded again are treated as rows that are read at once", async () => {
  const options = { missing: ["", "N/A"] };
  const [training, test] = await readCsvSplit(file(LINES.join("\n")), SCHEMA, [5 / 6, 1 / 6], {
    ...{ by: "position", ...options },
  });
  const direct = await readData(file(LINES.slice(0, 6).join("\n")), SCHEMA, options);
  assertEquals([training.ids, training.values], [direct.ids, direct.values]);
  assertEquals(await training.schema.fingerprint(), await direct.schema.fingerprint());
  const last = await readData(file([LINES[0], LINES[6]].join("\n")), direct.schema);
  assertEquals([test.ids, test.values], [last.ids, last.values]);
});

Deno.test("a value that stands in and is rare shares the rows of new values", () => {
  const rows = ["a", "a", null].map((u, i) => ({ y: i % 2, u }));
  const feature = categorical("u", { minCount: 2, newValueBuckets: 3, ifMissing: { value: "nobody" } });
  const { schema, ids } = readRows(rows, { label: "y", features: [feature] });
  const later = readRows([{ u: null }, { u: "nobody" }], schema).ids;
  assertEquals([later[0], later[1]], [ids[2], ids[2]]);
});
