import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";
import { run } from "./process.ts";

Deno.test("--real trains, evaluates and predicts numbers", () =>
  inFolder(async (folder) => {
    const lines = Array.from({ length: 240 }, (_, r) => {
      const [user, item] = [r % 6, Math.floor(r / 6) % 5];
      return `${user - item},u${user},i${item}`;
    });
    await Deno.writeTextFile(`${folder}/ratings.csv`, ["rating,user,item", ...lines].join("\n"));
    const schema = ["--data", "ratings.csv", "--label", "rating", "--real", "--categorical", "user,item"];
    const training = [...schema, "--model", "lr", "--lr", "0.05", "--batch-size", "40"];
    const trained = await run(
      folder,
      "train",
      ...training,
      "--split",
      "0.8,0.1,0.1",
      "--epochs",
      "40",
      "--out",
      "m.weft",
    );
    assertEquals(trained.code, 0, trained.err);
    assertStringIncludes(trained.err, "training: 192 rows, mean label ");
    assertMatch(trained.err, /epoch \d+ kept: validation RMSE 0\.\d+/);
    assertMatch(trained.err, /rmse \d\.\d+ {2}mae \d\.\d+/);
    const evaluated = await run(folder, "evaluate", "--model-file", "m.weft", "--data", "ratings.csv");
    assertEquals(evaluated.code, 0, evaluated.err);
    const [, rmse] = /\nRMSE {2}(\d\.\d+)\nMAE {3}\d\.\d+\n/.exec(evaluated.out)!;
    assert(Number(rmse) < 0.2, evaluated.out);
    const predicted = await run(folder, "predict", "--model-file", "m.weft", "--data", "ratings.csv", "--out", "-");
    const [name, ...numbers] = predicted.out.trim().split("\n");
    assertEquals([name, numbers.length], ["prediction", 240]);
    assert(numbers.every((text, r) => Math.abs(Number(text) - Number(lines[r].split(",")[0])) < 1));
    const folds = await run(folder, "train", ...training, "--epochs", "2", "--folds", "2");
    assertEquals(folds.code, 0, folds.err);
    assertMatch(folds.out, /fold +rows +RMSE +MAE\n/);
    for (
      const [more, message] of [
        [["--threshold", "1"], 'option "--threshold" cannot be used with "--real"'],
        [["--loss", "focal"], "the loss must be squared, since labels are real numbers, received focal"],
        [["--validation", "ratings.csv", "--monitor", "auc"], 'option "--monitor" must be one of rmse, mae'],
      ] as const
    ) {
      const refused = await run(folder, "train", ...training, ...more);
      assert(refused.code !== 0);
      assertStringIncludes(refused.err, message);
    }
  }));
