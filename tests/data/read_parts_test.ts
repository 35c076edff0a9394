import { readData } from "../../src/data/read_data.ts";
import { addCoverage } from "../../src/data/coverage.ts";
import { readDataParts } from "../../src/data/read_parts.ts";
import { categorical } from "../../src/data/schema.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { parquetWriteBuffer } from "npm:hyparquet-writer@0.17.0";
import { file, rowsOf } from "./files.ts";

const schema = { label: "click", features: [categorical("user")] };
const users = ["4", "5", "4", "6", "5", "4", "7"];
const labels = [1, 0, 1, 0, 1, 0, 1];

const forms = {
  "rows.csv": file(`click,user\n${users.map((user, i) => `${labels[i]},${user}\n`).join("")}`, "rows.csv"),
  "rows.jsonl": file(users.map((user, i) => JSON.stringify({ click: labels[i], user })).join("\n"), "rows.jsonl"),
  "rows.libsvm": file(users.map((user, i) => `${labels[i]} ${user}:1\n`).join(""), "rows.libsvm"),
  "rows.parquet": file(
    new Uint8Array(
      parquetWriteBuffer({ columnData: [{ name: "click", data: labels }, { name: "user", data: users }] }),
    ),
    "rows.parquet",
  ),
};

for (const [name, source] of Object.entries(forms)) {
  Deno.test(`parts of ${name} hold the rows of the whole, at most so many each`, async () => {
    const { schema: fitted } = await readData(forms["rows.csv"], schema);
    const whole = await readData(source, fitted);
    for (const rows of [1, 3, 7, 100]) {
      const parts = await Array.fromAsync(readDataParts(source, fitted, { rows }));
      assertEquals(parts.length, Math.ceil(7 / rows));
      assertEquals(parts.flatMap((part) => rowsOf(part, 0)), rowsOf(whole, 0));
      assertEquals(parts.flatMap((part) => [...part.labels]), [...whole.labels]);
      assertEquals(parts.map(({ coverage }) => coverage!).reduce(addCoverage), [...whole.coverage!]);
    }
    const few = await Array.fromAsync(readDataParts([source, source], fitted, { rows: 2, limit: 9 }));
    assertEquals(few.map((part) => part.rows), [2, 2, 2, 2, 1]);
  });
}

Deno.test("malformed rows count for the parts that they are in, one of nothing else is without rows", async () => {
  const { schema: fitted } = await readData(forms["rows.csv"], schema);
  const source = file("click,user\n1,4\n1\n1\n1\n0,5\n", "bad.csv");
  const parts = await Array.fromAsync(readDataParts(source, fitted, { rows: 2, onBadRow: "skip" }));
  assertEquals(parts.map((part) => [part.rows, part.skipped]), [[1, 1], [0, 2], [1, 0]]);
  const none = await Array.fromAsync(readDataParts(file("click,user\n"), fitted));
  assertEquals(none.map((part) => part.rows), [0]);
});

Deno.test("parts of no rows are refused", async () => {
  const { schema: fitted } = await readData(forms["rows.csv"], schema);
  const read = () => readDataParts(forms["rows.csv"], fitted, { rows: 0 }).next();
  await assertRejects(read, RangeError, "rows must be a positive integer, received 0");
});
