import * as deno from "../src/host/mod.ts";
import * as page from "../src/host/page.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { gpu } from "./support.ts";

Deno.test("a page's host has all that Deno's has, of the same types", () => {
  const same: typeof deno = page;
  assertEquals(Object.keys(same), Object.keys(deno));
});

Deno.test("a page's host finds the browser's adapter, and announces one on the processor", async () => {
  const { adapter: { software } } = await gpu();
  const told: string[] = [];
  const { kind, description } = await page.requestAdapter({ announce: (line) => told.push(line) });
  assertEquals(kind, software ? "bundled" : "hardware");
  assertEquals(told, software ? [`No GPU was found; using ${description}`] : []);
});

Deno.test("a page's host refuses files, and says what to hand in", async () => {
  const device = await gpu();
  await assertRejects(() => page.readCheckpoint("m.weft"), Error, 'Cannot load "m.weft": a page has no files');
  await assertRejects(() => page.requireSavable("m.weft"), Error, 'Cannot save "m.weft": a page has no files');
  const empty = { header: {}, tensors: {} };
  await assertRejects(() => page.writeCheckpoint("m.weft", empty), Error, 'Cannot save "m.weft": a page has no files');
  await assertRejects(
    () => page.loadTuning(device, "t.json"),
    Error,
    'Cannot read tuning "t.json": a page has no files',
  );
  await assertRejects(() => page.saveTuning(device, "t.json"), Error, 'Cannot write tuning "t.json": a page has no');
  assertEquals([await page.loadTuning(device), await page.saveTuning(device)], [0, undefined]);
  await assertRejects(() => page.openFile("a.csv"), Error, "a page has no files; hand in a File, a Blob");
  await assertRejects(() => page.listAdapters(), Error, "Cannot list adapters: a page has one");
});
