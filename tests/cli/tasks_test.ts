import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";
import { run } from "./process.ts";

/** Writes `click,buy,user,item`: a fifth of the rows lack `buy`, the last one has neither label. */
async function writeFunnel(path: string, rows: number): Promise<void> {
  const lines = Array.from({ length: rows }, (_, row) => {
    const [user, item] = [(row * 5) % 7, (row * 3) % 4];
    const click = (user + item) % 2 === 0;
    const buy = row % 5 === 4 ? "" : click && user % 3 === 0 ? "yes" : "no";
    return `${click ? "yes" : "no"},${buy},u${user},i${item}`;
  });
  await Deno.writeTextFile(path, ["click,buy,user,item", ...lines, ",,u1,i1"].join("\n"));
}

const SCHEMA = ["--labels", "click,buy", "--positive", "yes", "--negative", "no", "--categorical", "user,item"];
const SIZES = ["--dim", "4", "--hidden", "8", "--model-options", '{"experts": 2, "tower": [4]}', "--lr", "0.02"];
const TRAIN = ["train", "--data", "funnel.csv", ...SCHEMA, "--on-missing-label", "skip", "--batch-size", "32"];

Deno.test("the command line trains, resumes, evaluates and predicts several tasks", () =>
  inFolder(async (folder) => {
    await writeFunnel(`${folder}/funnel.csv`, 200);
    const mmoe = [...TRAIN, "--model", "mmoe", ...SIZES, "--task-weights", "buy=0.5", "--split", "0.7,0.2,0.1"];
    const watch = ["--monitor", "auc.click", "--patience", "0"];
    const whole = await run(folder, ...mmoe, ...watch, "--epochs", "4", "--out", "a.weft");
    assertEquals(whole.code, 0, whole.err);
    assertStringIncludes(whole.err, "Left out 1 row whose label is missing");
    assertMatch(whole.err, /training: 140 rows, click \d+\.\d\d % positive, buy \d+\.\d\d % positive of 1\d\d/);
    assertMatch(whole.out, /^task +rows +AUC +logloss/m);

    const parts = [...mmoe, ...watch, "--checkpoint", "c.weft"];
    assertEquals((await run(folder, ...parts, "--epochs", "2", "--out", "b.weft")).code, 0);
    const resumed = await run(folder, ...parts, "--epochs", "4", "--resume", "c.weft", "--out", "b.weft");
    assertEquals(resumed.code, 0, resumed.err);
    assertEquals(await Deno.readFile(`${folder}/b.weft`), await Deno.readFile(`${folder}/a.weft`));
    const other = mmoe.with(mmoe.indexOf("buy=0.5"), "uncertainty");
    const refused = await run(folder, ...other, ...watch, "--epochs", "4", "--resume", "c.weft");
    assertStringIncludes(refused.err, "trained with taskWeights");

    const ask = ["--model-file", "a.weft", "--data", "funnel.csv"];
    const { code, out, err } = await run(folder, "evaluate", ...ask, "--on-missing-label", "skip");
    assertEquals(code, 0, err);
    const rows = out.split("\n").filter((line) => /^(click|buy|mean) +[0-9]/.test(line));
    assertEquals(rows.map((line) => line.split(/\s+/).slice(0, 2)), [["click", "200"], ["buy", "160"], [
      "mean",
      "200",
    ]]);
    const [click, buy, mean] = rows.map((line) => Number(line.split(/\s+/)[2]));
    assert(Math.abs(mean - (click + buy) / 2) < 2e-5, rows.join("\n"));

    assertEquals((await run(folder, "predict", ...ask, "--id", "user")).code, 0);
    const lines = (await Deno.readTextFile(`${folder}/predictions.csv`)).trimEnd().split("\n");
    assertEquals([lines.length, lines[0]], [202, "user,probability_click,probability_buy"]);
    assertMatch(lines[1], /^u0,0\.\d+,0\.\d+$/);
  }));

Deno.test("mistakes in options of several tasks are named", () =>
  inFolder(async (folder) => {
    await writeFunnel(`${folder}/funnel.csv`, 60);
    const cases: [string[], number, string][] = [
      [["--model", "deepfm"], 1, "labels click, buy need logits for each, received one tensor"],
      [["--model", "mmoe", "--task-weights", "buy"], 2, "must be like click=1,buy=0.5"],
      [["--model", "mmoe", "--task-weights", "cart=1"], 2, 'of the tasks click, buy, received "cart"'],
      [
        ["--model", "mmoe", "--split", "0.8,0.2", "--monitor", "auc.cart"],
        2,
        "must be one of auc, logloss, brier, normalizedEntropy, auc.click",
      ],
      [["--model", "mmoe", "--label", "click"], 2, 'option "--labels" cannot be used with "--label"'],
    ];
    for (const [more, code, message] of cases) {
      const ended = await run(folder, ...TRAIN, ...more);
      assertEquals(ended.code, code, ended.err);
      assertStringIncludes(ended.err, message);
    }
    const single = ["train", "--data", "funnel.csv", "--labels", "click", "--categorical", "user"];
    assertStringIncludes((await run(folder, ...single)).err, 'option "--labels" must be two or more different columns');
    const unnamed = [
      "train",
      "--data",
      "funnel.csv",
      "--labels",
      "click,buy",
      "--positive",
      "yes",
      "--categorical",
      "user",
    ];
    assertStringIncludes((await run(folder, ...unnamed)).err, 'option "--negative" is missing');
  }));
