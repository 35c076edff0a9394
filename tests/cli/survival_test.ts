import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";
import { run } from "./process.ts";

/** Writes creatives whose videos end sooner than texts, a third of them censored. */
async function writeCreatives(path: string, rows: number): Promise<void> {
  const lines = Array.from({ length: rows }, (_, r) => {
    const isVideo = r % 2 === 0;
    const days = isVideo ? 0.5 + (r * 7) % 5 : 4 + (r * 3) % 16;
    return `${isVideo ? "video" : "text"},t${r % 5},${days},${Number(r % 3 > 0)},${0.1 + (r % 4) / 10}`;
  });
  await Deno.writeTextFile(path, ["format,topic,days,stopped,ctr", ...lines].join("\n"));
}

const SCHEMA = {
  survival: { time: "days", event: "stopped", weight: "ctr", heads: { short: [0, 1, 3, 5], long: [0, 6, 12] } },
  features: [{ kind: "categorical", name: "format" }, { kind: "categorical", name: "topic" }],
};

Deno.test("the command line trains on times, evaluates their order and predicts survival", () =>
  inFolder(async (folder) => {
    await writeCreatives(`${folder}/creatives.csv`, 240);
    await Deno.writeTextFile(`${folder}/schema.json`, JSON.stringify(SCHEMA));
    const data = ["--data", "creatives.csv", "--schema", "schema.json", "--batch-size", "32", "--lr", "0.05"];
    const sizes = ["--model", "survival", "--dim", "4", "--hidden", "8", "--task-weights", "short=0.5,long=0.5"];
    const command = [
      "train",
      ...data,
      ...sizes,
      "--split",
      "0.8,0.1,0.1",
      "--epochs",
      "15",
      "--patience",
      "15",
      "--out",
      "a.weft",
    ];
    const trained = await run(folder, ...command);
    assertEquals(trained.code, 0, trained.err);
    assertMatch(trained.err, /training: 192 rows, \d+ ended, \d+ censored/);
    assertMatch(trained.err, /kept: validation concordance [01]\.\d{5}, logloss \d/);
    assertMatch(trained.out, /^head +concordance +logloss +pred\. \/ obs\.$/m);

    const { code, out, err } = await run(folder, "evaluate", "--model-file", "a.weft", "--data", "creatives.csv");
    assertEquals(code, 0, err);
    for (const head of ["short", "long", "mean"]) assertMatch(out, new RegExp(`^${head} +0\\.[5-9]\\d{4} `, "m"));

    const ask = ["predict", "--model-file", "a.weft", "--data", "creatives.csv", "--id", "format", "--out", "-"];
    const predicted = await run(folder, ...ask);
    assertEquals(predicted.code, 0, predicted.err);
    const [header, ...rows] = predicted.out.trim().split("\n");
    const names = ["survival_short_1", "survival_short_3", "survival_short_5", "expected_short"];
    assertEquals(header, ["format", "survival_long_6", "survival_long_12", "expected_long", ...names].join(","));
    assertEquals(rows.length, 240);
    const [video, text] = rows.map((row) => row.split(",").map(Number));
    assertEquals([video[3] < text[3], video[4] >= video[5] && video[5] >= video[6]], [true, true]);

    const other = await run(folder, ...command, "--monitor", "auc");
    assertStringIncludes(other.err, "must be one of concordance, logloss, concordance.long");
  }));
