import { countRows } from "../../src/data/row_counts.ts";
import { readCsv } from "../../src/data/csv.ts";
import { categorical, type Schema, sequence } from "../../src/data/schema.ts";
import { assertEquals } from "@std/assert";

const SCHEMA: Schema = {
  label: "click",
  features: [
    categorical("item"),
    sequence("history", { of: "item", maxLength: 2 }),
    sequence("tags", { combiner: "mean" }),
  ],
};

const TEXT = ["click,item,history,tags", "1,a,b|a|a,x|x|y", "0,b,,", "1,a,c|b,x"].join("\n");

Deno.test("occurrences are counted by row, in fields and in the kept places of sequences", async () => {
  const data = await readCsv(new File([TEXT], "clicks.csv"), SCHEMA);
  const [item] = data.schema.fields;
  const [{ sequences: [history] }, { sequences: [tags] }] = data.schema.histories;
  const named = (counts: Uint32Array) => ({
    unseen: counts[item.offset],
    items: Object.fromEntries(item.vocabulary!.map((name, i) => [name, counts[item.offset + 1 + i]])),
    tags: Object.fromEntries(tags.vocabulary.map((name, i) => [name, counts[tags.offset + 1 + i]])),
  });
  assertEquals(history.offset, item.offset);
  // Of b|a|a the latest two are kept, and c is no item.
  assertEquals(named(countRows(data)), { unseen: 1, items: { a: 4, b: 2 }, tags: { x: 3, y: 1 } });
  assertEquals(named(countRows(data, { histories: false })), {
    unseen: 0,
    items: { a: 2, b: 1 },
    tags: { x: 3, y: 1 },
  });
});
