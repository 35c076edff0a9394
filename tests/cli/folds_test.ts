import { formatFolds, nameFold } from "../../src/cli/folds.ts";
import { evaluatePredictions } from "../../src/metrics.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";
import { MODEL, run, SCHEMA, writeData } from "./process.ts";

const TRAIN = ["train", "--data", "clicks.csv", ...SCHEMA, ...MODEL, "--epochs", "3"];

Deno.test("the table of folds has their metrics, means, and standard deviations over k - 1", () => {
  const folds = [[0.2, 0.8], [0.4, 0.6], [0.1, 0.3]].map((p) => evaluatePredictions(p, [0, 1]));
  const lines = formatFolds(folds).split("\n").map((line) => line.trim().split(/\s{2,}/));
  const losses = [0.8 * 0.8, 0.6 * 0.6, 0.9 * 0.3].map((p) => -Math.log(p) / 2);
  const mean = (losses[0] + losses[1] + losses[2]) / 3;
  const deviation = Math.sqrt(losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / 2);
  const column = lines[0].indexOf("logloss");
  assertEquals(lines.slice(1, 4).map((line) => line[column]), losses.map((loss) => loss.toFixed(5)));
  assertEquals(lines.slice(4).map((line) => [line[0], line[column - 1]]), [["mean", mean.toFixed(5)], [
    "std. dev.",
    deviation.toFixed(5),
  ]]);
});

Deno.test("models of folds are named by their number", () => {
  assertEquals(["m.weft", "a.b/m", "a.b/m.x.weft"].map((out) => nameFold(out, 2)), [
    "m-2.weft",
    "a.b/m-2",
    "a.b/m.x-2.weft",
  ]);
});

Deno.test("folds train a model each, tell what they are worth together, and are saved when asked to", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 200);
    const plain = await run(folder, ...TRAIN, "--folds", "3", "--split-by", "label");
    assertEquals(plain.code, 0, plain.err);
    assertMatch(plain.err, /fold 1 of 3\n(.*\n)*?training: 13[34] rows.*\ntest: 6[67] rows/);
    assertMatch(plain.out, /^fold +rows +AUC +logloss .*\n1 +6[67] (.*\n)2 .*\n3 .*\nmean .*\nstd\. dev\. /);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["clicks.csv"]);

    const grouped = await run(folder, ...TRAIN, "--folds", "2", "--split-by", "group-label:user", "--out", "m.weft");
    assertEquals(grouped.code, 0, grouped.err);
    assertStringIncludes(grouped.err, "values of test");
    assertMatch(grouped.err, /user +100\.00 %/);
    const files = [...Deno.readDirSync(folder)].map(({ name }) => name).toSorted();
    assertEquals(files, ["clicks.csv", "m-1.weft", "m-2.weft"]);
    const evaluated = await run(folder, "evaluate", "--model-file", "m-2.weft", "--data", "clicks.csv");
    assertEquals(evaluated.code, 0, evaluated.err);
  }));

Deno.test("a split by groups or labels is told of, and options that do not go together are refused", () =>
  inFolder(async (folder) => {
    await writeData(`${folder}/clicks.csv`, 200);
    const split = await run(folder, ...TRAIN, "--split", "0.8,0.2", "--split-by", "group:user");
    assertEquals(split.code, 0, split.err);
    assertMatch(split.err, /split by whole groups of "user": \d+\.\d\d % for 80\.00 %, \d+\.\d\d % for 20\.00 %/);
    for (
      const [args, error] of [
        [["--folds", "3", "--split", "0.8,0.2"], '"--folds" cannot be used with "--split"'],
        [["--folds", "3", "--split-by", "position"], "must be random, label, group:COLUMN or group-label:COLUMN"],
        [["--split", "0.8,0.2", "--split-by", "group-label:user"], "must be random, label, group:COLUMN, position"],
        [["--folds", "3", "--patience", "1"], '"--patience" needs "--validation"'],
        [["--folds", "1"], 'option "--folds" must be a number from 2 to'],
      ] as const
    ) {
      const { code, err } = await run(folder, ...TRAIN, ...args);
      assertEquals(code, 2, err);
      assert(err.includes(error), err);
    }
    const absent = await run(folder, ...TRAIN, "--split", "0.8,0.2", "--split-by", "group:nobody");
    assertEquals(absent.code, 1);
    assertStringIncludes(absent.err, '"nobody"');
  }));
