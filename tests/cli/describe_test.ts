import { main } from "../../src/cli.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";

async function describe(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const streams = {
    out: (text: string) => void (out += `${text}\n`),
    err: (text: string) => void (err += `${text}\n`),
  };
  return { code: await main(["describe", ...args], streams), out, err };
}

const LINES = Array.from({ length: 300 }, (_, r) => {
  const click = r % 5 === 0 ? "yes" : "no";
  return [click, `u${r % 30}`, r % 3 ? "" : "x", click === "yes" ? "bought" : "", r % 9 ? r : "dear"].join();
});
const SCHEMA = ["--label", "click", "--positive", "yes", "--categorical", "user,rare,after", "--numeric", "price"];

Deno.test("describe prints a table of fields, numbers and frequent values", () =>
  inFolder(async (folder) => {
    const path = `${folder}/clicks.csv`;
    await Deno.writeTextFile(path, ["click,user,rare,after,price", ...LINES].join("\n"));
    const { code, out, err } = await describe(path, ...SCHEMA, "--top", "3");
    assertEquals(code, 0, err);
    assertMatch(
      out,
      /^300 rows, 20\.00 % of them with label "click"\n\d+ rows equal to an earlier one\ndrift: the first of 4/,
    );
    assertMatch(out, /\nuser +categorical +30 +0\.00 % +1\.0000 +[\d.]+ +leak\n/);
    assertMatch(out, /\nrare +categorical +1 +66\.67 % /);
    assertMatch(out, /\nafter +categorical +1 +80\.00 % +1\.0000 +[\d.]+ +leak\n/);
    assertMatch(out, /\nprice +numeric +267 +0\.00 % .* drift, 34 no numbers\n/);
    assertMatch(out, /\nnumbers +mean +std\. dev\. +least +1 % .* most\nprice +149\.63 /);
    assertMatch(
      out,
      /\nuser +rows +share +label rate +95 % interval\n"u0" +10 +3\.33 % +100\.00 % +72\.25 % \.\. 100\.00 %\n/,
    );

    const ranked = await describe(path, ...SCHEMA, "--rank", "2");
    assertMatch(ranked.out, /\nfield +says of the label \(300 rows\), 0\.001 nats\n(after|user) /);
    assertMatch(ranked.out, /\npair +says of the label .* above its parts\n/);
    assert(!ranked.out.includes("triple") && !out.includes("says of the label"));

    const json = await describe("--data", path, ...SCHEMA, "--json", "--parts", "2");
    const { rows, positives, parts, fields } = JSON.parse(json.out);
    assertEquals([rows, positives, parts], [300, 60, { by: "position", count: 2 }]);
    assertEquals(fields.map(({ drift }: { drift: number[] }) => drift.length), [1, 1, 1, 1]);
    assert(fields[2].top.length === 1 && fields[2].top[0].value === "bought");
  }));

Deno.test("describe refuses what it cannot describe", async () => {
  const none = await describe(...SCHEMA);
  assertEquals(none.code, 2);
  assertStringIncludes(none.err, 'option "--data" is missing');
  const tokens = await describe("rows.libsvm", "--label", "y", "--categorical", "a");
  assertEquals(tokens.code, 2);
  assertStringIncludes(tokens.err, "libsvm files have no columns to describe");
  const unknown = await describe("rows.csv", ...SCHEMA, "--leak", "1");
  assertStringIncludes(unknown.err, 'no option "--leak"');
});
