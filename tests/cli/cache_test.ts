import { main } from "../../src/cli.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";

/** Runs the command line in this process; returns its exit code and what it wrote about the cache and rows left out. */
async function run(...args: string[]): Promise<{ code: number; err: string; told: string[] }> {
  let err = "";
  const code = await main(args, { out: () => {}, err: (text) => void (err += `${text}\n`) });
  const told = err.split("\n").filter((line) => /^cache|^Left out/.test(line));
  return { code, err, told: told.map((line) => line.replace(/using the rows of .*/, "used")) };
}

const NEW = "cache: encoding the rows, which it does not have";
const USED = "cache: used";

async function write(folder: string): Promise<string> {
  const rows = Array.from({ length: 90 }, (_, row) => `${Number(row % 3 === 0)},u${row % 5},${row % 7}`);
  await Deno.writeTextFile(`${folder}/t.csv`, ["click,user,price", ...rows, "oops"].join("\n"));
  return `${folder}/t.csv`;
}

Deno.test("train and evaluate with a cache are the same the second time, and say where the rows came from", () =>
  inFolder(async (folder) => {
    const data = ["--data", await write(folder), "--on-bad-row", "skip", "--cache", `${folder}/cache`];
    const schema = ["--label", "click", "--categorical", "user", "--numeric", "price"];
    const fm = ["--model", "fm", "--dim", "4", "--batch-size", "32", "--epochs", "1"];
    const split = ["--split", "0.6,0.2,0.2"];
    const train = (out: string, ...more: string[]) =>
      run("train", ...data, ...schema, ...fm, "--out", `${folder}/${out}`, ...more);
    const runs = [await train("a.weft", ...split), await train("b.weft", ...split)];
    assertEquals(runs.map(({ code }) => code), [0, 0], runs[0].err);
    const leftOut = "Left out 1 malformed row:";
    assertEquals(runs.map(({ told }) => told), [[NEW, leftOut], [USED, leftOut]]);
    assertEquals(await Deno.readFile(`${folder}/a.weft`), await Deno.readFile(`${folder}/b.weft`));
    assertEquals(
      (await train("b.weft", ...split, "--seed", "2")).told[0],
      `${NEW.split(",")[0]}, which it has with other options`,
    );

    const evaluate = () => run("evaluate", "--model-file", `${folder}/a.weft`, ...data);
    assertEquals([(await evaluate()).told[0], (await evaluate()).told], [
      "cache: encoding the rows, which it has with another schema and other options",
      [USED, leftOut],
    ]);
    const from = [
      "train",
      ...data,
      "--from",
      `${folder}/a.weft`,
      ...split,
      "--epochs",
      "1",
      "--out",
      `${folder}/c.weft`,
    ];
    assertEquals([(await run(...from)).told.at(-1), (await run(...from)).told], [leftOut, [USED, leftOut]]);
    const folds = () => train("f.weft", "--folds", "2");
    assertEquals([(await folds()).told.at(-1), (await folds()).told], [leftOut, [USED, leftOut]]);
  }));

Deno.test("a cache is refused for what can be read once, and for queries", async () => {
  const stdin = await run(
    "train",
    "--data",
    "-",
    "--format",
    "csv",
    "--label",
    "y",
    "--categorical",
    "a",
    "--cache",
    "c",
  );
  assertEquals(stdin.code, 2);
  assertStringIncludes(stdin.err, "Cannot cache standard input: it can be read once");
  const sql = await run("train", "--sql", "select 1", "--label", "y", "--categorical", "a", "--cache", "c");
  assertEquals(sql.code, 2);
  assertStringIncludes(sql.err, '"--sql"');
});
