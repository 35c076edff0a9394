import { Model } from "../src/model.ts";
import { main } from "../src/cli.ts";
import { readCheckpoint } from "../src/checkpoint.ts";
import { readRows } from "../src/data/rows.ts";
import { models } from "../models/mod.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { inFolder } from "./folder.ts";
import { gpu } from "./support.ts";

/** Runs the command line in this process and keeps what it writes. */
async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: "", err: "" };
  const code = await main(args, {
    out: (text) => void (written.out += `${text}\n`),
    err: (text) => void (written.err += `${text}\n`),
  });
  return { code, ...written };
}

/** Writes rows `click,user,price` of both classes, with more lines behind them. */
async function write(path: string, rows: number, more: readonly string[] = [], first = 0): Promise<void> {
  const lines = Array.from({ length: rows }, (_, i) => first + i)
    .map((row) => `${row % 3 === 0 ? "yes" : "no"},${row % 5},${row % 7}`);
  await Deno.writeTextFile(path, ["click,user,price", ...lines, ...more].join("\n"));
}

const FM = ["--model", "fm", "--dim", "4", "--batch-size", "32"];
const SCHEMA = ["--label", "click", "--positive", "yes", "--negative", "no", "--categorical", "user"];

/** Trains a small model on 60 rows in a folder. */
async function trainIn(folder: string): Promise<string> {
  await write(`${folder}/train.csv`, 60);
  const out = `${folder}/m.weft`;
  const data = ["--data", `${folder}/train.csv`, ...SCHEMA, "--numeric", "price", "--scale", "none"];
  const { code, err } = await run("train", ...data, ...FM, "--out", out);
  assertEquals(code, 0, err);
  return out;
}

Deno.test("predict writes a line for each row, in order, whatever the rows look like", () =>
  inFolder(async (folder) => {
    const model = await trainIn(folder);
    const file = `${folder}/new.csv`;
    const rows = ['1,3,"a,b"', "1,x,bad", "2,2", "", '"4",1, c', '3,"open,1', "0,5,last"];
    await Deno.writeTextFile(file, ["user,price,key", ...rows].join("\n"));
    const out = `${folder}/p.csv`;
    const args = ["predict", "--model-file", model, "--data", file, "--out", out, "--id", "key,user"];
    const marked = await run(...args);
    assertEquals(marked.code, 1, marked.err);
    assertStringIncludes(marked.err, `No probability for 3 malformed rows:\n  ${file}:3: field "price"`);
    assertStringIncludes(marked.err, `Wrote 3 probabilities to ${out}\n`);
    const text = await Deno.readTextFile(out);
    const lines = text.trimEnd().split("\n");
    const keys = lines.map((line) => line.slice(0, line.lastIndexOf(",")));
    assertEquals(keys, ["key,user", '"a,b",1', "bad,1", ",", '" c",4', ",", "last,0"]);
    assertEquals(lines.slice(1).map((line) => line.endsWith(",")), [false, true, true, false, true, false]);

    assertEquals((await run(...args, "--on-bad-row", "skip")).code, 0);
    assertEquals(await Deno.readTextFile(out), text);
    const refused = await run(...args, "--on-bad-row", "error");
    assertEquals([refused.code, refused.err.includes(`Cannot read "${file}" line 3: field "price"`)], [1, true]);
    const unknown = await run(...args.slice(0, -1), "kee");
    assertEquals([unknown.code, unknown.err.includes('no column "kee" for the output')], [1, true], unknown.err);
  }));

Deno.test("predict never writes NaN: it names the row and leaves the old file", () =>
  inFolder(async (folder) => {
    const model = await trainIn(folder);
    const out = `${folder}/p.csv`;
    await Deno.writeTextFile(out, "old");
    {
      await using large = await Model.load(model, models, { device: await gpu() });
      const { linear } = await large.parameters();
      large.setParameters({ linear: { ...linear, data: (linear.data as Float32Array).map((w) => 1e8 * w) } });
      await large.save(model);
    }
    // The product of such a number and its weight is beyond float32, while that of the first row is not.
    await Deno.writeTextFile(`${folder}/new.csv`, "user,price\n1,2\n1,3e38\n");
    const { code, err } = await run("predict", "--model-file", model, "--data", `${folder}/new.csv`, "--out", out);
    assertEquals([code, await Deno.readTextFile(out)], [1, "old"], err);
    assertMatch(err, /Cannot predict for ".*new\.csv" line 3: probability must be a finite number, received NaN/);
  }));

Deno.test("train refuses a third label and one class, and warns of other parts of one class", () =>
  inFolder(async (folder) => {
    const train = (...args: string[]) =>
      run("train", "--data", `${folder}/d.csv`, ...SCHEMA, ...FM, "--out", `${folder}/m.weft`, ...args);
    await write(`${folder}/d.csv`, 20, ["click,user,price", "Yes,1,2", ",1,2"]);
    const refused = await train();
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.err, 'line 22: column "click": expected "yes" or "no", received "click"');
    const skipped = await train("--on-bad-row", "skip");
    assertEquals(skipped.code, 0, skipped.err);
    assertStringIncludes(skipped.err, "Left out 1 row whose label is missing\nLeft out 2 malformed rows:\n");
    assertEquals((await train("--on-bad-row", "skip", "--on-missing-label", "error")).code, 1);

    await Deno.writeTextFile(`${folder}/d.csv`, "click,user\nyes,1\nyes,2\n");
    const one = await train();
    assertEquals(one.code, 1);
    assertStringIncludes(one.err, "it must have labels of both classes, received 2 rows with label 1");

    await write(`${folder}/d.csv`, 20);
    await Deno.writeTextFile(`${folder}/v.csv`, "click,user\nno,1\nno,2\n");
    const warned = await train("--validation", `${folder}/v.csv`);
    const at = warned.err.indexOf("warning: validation has labels of one class, 2 rows with label 0");
    assert(at >= 0 && at < warned.err.indexOf("model: fm"), warned.err);
  }));

Deno.test("a test file goes with a split of two shares, and unseen values of it are reported", () =>
  inFolder(async (folder) => {
    await write(`${folder}/d.csv`, 60);
    const rows = Array.from({ length: 12 }, (_, row) => `${row % 2 ? "yes" : "no"},${row % 5}.0,1`);
    await Deno.writeTextFile(`${folder}/t.csv`, ["click,user,price", ...rows].join("\n"));
    const args = ["train", "--data", `${folder}/d.csv`, ...SCHEMA, ...FM, "--out", `${folder}/m.weft`];
    const { code, out, err } = await run(...args, "--split", "0.8,0.2", "--test", `${folder}/t.csv`);
    assertEquals(code, 0, err);
    assertStringIncludes(out, "test: 12 rows");
    assertStringIncludes(
      err,
      'warning: test: 100.00 % of "user" is unseen in training: "0.0" is unknown but "0" is not',
    );
    assertMatch(err, /validation: 12 rows/);
    const three = await run(...args, "--split", "0.8,0.1,0.1", "--test", `${folder}/t.csv`);
    assertEquals([three.code, three.err], [2, 'Cannot run train: option "--test" cannot be used with "--split"\n']);
  }));

Deno.test("texts of options reach the reader as they are given", () =>
  inFolder(async (folder) => {
    const rows = ["39:: State-gov::caf\xe9::5", "50:: ?::a::1", '20:: x::"b::2', "30::NA::a::4"];
    const text = ["age:: work::a,b::rating", ...rows].join("\n");
    await Deno.writeFile(`${folder}/d.csv`, Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
    const format = ["--delimiter", "::", "--encoding", "latin1", "--quote", "none"];
    const schema = ["--label", "rating", "--threshold", "3", "--categorical", ' work,"a,b"', "--missing", " ?,NA"];
    const out = `${folder}/m.weft`;
    const { code, err } = await run("train", "--data", `${folder}/d.csv`, ...format, ...schema, ...FM, "--out", out);
    assertEquals(code, 0, err);
    const { schema: fitted } = (await readCheckpoint(out)).header as { schema: Record<string, unknown> };
    const fields = fitted.fields as { feature: { name: string }; vocabulary: string[]; missing: boolean }[];
    assertEquals(fields.map(({ feature, vocabulary }) => [feature.name, vocabulary]), [
      [" work", [" State-gov", " x"]],
      ["a,b", ["a", '"b', "café"]],
    ]);
    assertEquals([fitted.missing, fitted.threshold, fields[0].missing], [["", " ?", "NA"], 3, true]);
    const trimmed = ["--trim", "--label", "rating", "--threshold", "3", "--categorical", "work", "--missing", "?"];
    const again = await run("train", "--data", `${folder}/d.csv`, ...format, ...trimmed, ...FM, "--out", out);
    assertEquals(again.code, 0, again.err);
    const evaluated = await run("evaluate", "--data", `${folder}/d.csv`, ...format, "--model-file", out);
    assertEquals(evaluated.code, 0, evaluated.err);
    assert(!evaluated.err.includes("unseen") && evaluated.err.includes("work            25.00 %"), evaluated.err);
  }));

Deno.test("rows without labels are predicted for, and refused by fit and evaluate", () =>
  inFolder(async (folder) => {
    await using model = await Model.load(await trainIn(folder), models, { device: await gpu() });
    const rows = readRows([{ user: 1, price: 2 }, { user: 9, price: 3 }], model.schema);
    const message = "it must have labels, received 2 rows without";
    await assertRejects(() => model.fit(rows), TypeError, `Cannot train on the data: ${message}`);
    await assertRejects(() => model.evaluate(rows), TypeError, `Cannot evaluate the data: ${message}`);
    assertEquals((await model.predict(rows)).length, 2);
    const labeled = readRows([{ user: 1, click: "yes" }, { user: 2, click: "no" }], model.schema, { labeled: true });
    await assertRejects(
      () => model.fit(labeled, { validation: rows }),
      TypeError,
      `Cannot validate on the data: ${message}`,
    );
    await assertRejects(() => model.fit(labeled.slice(0, 1)), RangeError, "received 1 row with label 1");
    await assertRejects(() => model.fit(labeled.slice(0, 0)), RangeError, "must have rows, received 0");
  }));
