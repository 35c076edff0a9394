import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";
import { MODEL, run, SCHEMA, writeData } from "./process.ts";

const TRAIN = ["train", "--data", "clicks.csv", ...SCHEMA, ...MODEL, "--epochs", "3", "--split", "0.7,0.3"];

Deno.test("report draws the page of a run, and prints its numbers as JSON", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 400);
    const trained = await run(folder, ...TRAIN, "--run", "runs/a");
    assertEquals(trained.code, 0, trained.err);

    const plain = await run(folder, "report", "runs/a");
    assertEquals([plain.code, plain.out], [0, ""], plain.err);
    assertStringIncludes(plain.err, "Wrote runs/a/report.html");
    const page = await Deno.readTextFile(`${folder}/runs/a/report.html`);
    assertMatch(page, /^<!doctype html>[^]*<h3>AUC by epoch<\/h3>[^]*No rows were given to predict/);
    assertMatch(page, /<dt>Dispatches of a step<\/dt><dd>\d+<\/dd>/);

    const data = ["--data", "clicks.csv", "--by", "user", "--importance", "--repeats", "1", "--resamples", "20"];
    const asked = ["--max-rows", "100", "--inspect-rows", "50", "--training-data", "clicks.csv", "--title", "<A>"];
    const json = await run(folder, "report", "runs/a", ...data, ...asked, "--seed", "4", "--json");
    assertEquals(json.code, 0, json.err);
    const report = JSON.parse(json.out);
    assertEquals([report.format, report.title, report.data], [1, "<A>", { name: "clicks.csv", rows: 400 }]);
    assertEquals([report.run.info.state, report.run.info.epochs], ["finished", 3]);
    assertEquals([report.importance.rows, report.importance.repeats, report.norms[0].by], [100, 1, "count"]);
    assertEquals(report.slices[0].slices.length, 7);
    assertEquals(report.description, undefined);
    const described = await run(
      folder,
      "report",
      "runs/a",
      "--describe",
      "--rank",
      "2",
      "--training-data",
      "clicks.csv",
      "--json",
    );
    assertEquals(described.code, 0, described.err);
    const { description } = JSON.parse(described.out);
    const alone = await run(folder, "describe", "clicks.csv", ...SCHEMA, "--rank", "2", "--json");
    assertEquals(description, JSON.parse(alone.out));
    // What stands for a missing value in the model does so in the description of its rows.
    const other = await run(folder, ...TRAIN, "--missing", "u1", "--out", "m.weft");
    assertEquals(other.code, 0, other.err);
    const lacking = ["report", "--model-file", "m.weft", "--describe", "--data", "clicks.csv", "--json"];
    const fields: { missing: number }[] = JSON.parse((await run(folder, ...lacking)).out).description.fields;
    assertEquals(fields[0].missing > 0, true);
    assertEquals(report.tasks[0].metrics.map(({ name }: { name: string }) => name)[0], "auc");
  }));

Deno.test("report takes a model file alone, and says that it has no learning curves", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 200);
    assertEquals((await run(folder, ...TRAIN, "--out", "m.weft")).code, 0);
    const options = ["--data", "clicks.csv", "--resamples", "0", "--out", "page.html"];
    const { code, err } = await run(folder, "report", "--model-file", "m.weft", ...options);
    assertEquals(code, 0, err);
    const page = await Deno.readTextFile(`${folder}/page.html`);
    assertStringIncludes(page, "learning curves are in a run&#39;s folder");
    assertStringIncludes(page, "<h3>ROC curve</h3>");
    for (
      const [args, message] of [
        [[], 'option "--run" or "--model-file" is missing'],
        [["--model-file", "m.weft", "--by", "user"], 'option "--by" needs "--data"'],
        [["--model-file", "m.weft", "--describe"], 'option "--describe" needs "--training-data" or "--data"'],
        [["--model-file", "m.weft", "--rank", "1"], 'option "--rank" needs "--describe"'],
        [["--model-file", "m.weft", "--repeats", "2"], 'option "--repeats" needs "--importance"'],
        [["--model-file", "m.weft", "--json", "--out", "x"], 'option "--out" cannot be used with "--json"'],
      ] as const
    ) {
      const refused = await run(folder, "report", ...args);
      assertEquals(refused.code, 2);
      assertStringIncludes(refused.err, message);
    }
    const none = await run(folder, "report", "runs/none");
    assertEquals(none.code, 1);
    assertStringIncludes(none.err, "runs/none");
  }));
