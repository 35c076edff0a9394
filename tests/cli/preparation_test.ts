import { models } from "../../models/mod.ts";
import { readRows } from "../../src/data/rows.ts";
import { Model } from "../../src/model.ts";
import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { inFolder } from "../folder.ts";
import { gpu } from "../support.ts";
import { run } from "./process.ts";

/** Rows of all that can be prepared: names in two spellings, holes, ages and counts. */
const LINES = Array.from({ length: 120 }, (_, i) => {
  const site = i % 10 === 0 ? "N/A" : [" News", "news", "SHOP", "shop "][i % 4];
  const price = i % 6 === 0 ? "n/a" : i % 17;
  return [i % 3 === 0 ? 1 : 0, site, price, i % 9 === 0 ? "" : 15 + i % 40, i % 5 === 0 ? "" : 3 ** (i % 8)].join();
});

const PREPARED = [
  ...["--label", "y", "--categorical", "site", "--numeric", "price,age,shown", "--missing", "N/A"],
  ...["--trim", "--lower-case", "--unicode", "NFKC", "--indicator", "price"],
  ...["--if-missing", "site=mode,price=mean,age=value:30,shown=nearest", "--buckets", "age=18:25:40,shown=log"],
];

const PREDICTED = [["news", "", "", ""], ["ＳＨＯＰ", " 4 ", "20", "9"], ["N/a", "N/A", "60", "100000"]];

Deno.test("what flags prepare in training is prepared alike in evaluation, prediction and from a schema file", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/log.csv`, ["y,site,price,age,shown", ...LINES].join("\n"));
    const train = async (out: string, ...args: string[]) => {
      const common = ["--dim", "4", "--hidden", "4", "--batch-size", "32", "--out", out];
      const { code, err } = await run(folder, "train", "--data", "log.csv", ...common, ...args);
      assertEquals(code, 0, err);
      return err;
    };
    const err = await train("m.weft", ...PREPARED);
    assertStringIncludes(err, "filled in");
    await using model = await Model.load(`${folder}/m.weft`, models, { device: await gpu() });
    const { fields } = model.schema;
    assertEquals(fields.map(({ name, kind, fill }) => [name, kind, typeof fill]), [
      ["site", "categorical", "string"],
      ["price", "numeric", "number"],
      ["price_missing", "categorical", "undefined"],
      ["age", "bucketed", "number"],
      ["shown", "bucketed", "number"],
    ]);
    assertEquals([fields[0].vocabulary!.toSorted(), fields[3].edges, fields[3].fill], [
      ["news", "shop"],
      [18, 25, 40],
      30,
    ]);

    await Deno.writeTextFile(`${folder}/new.csv`, ["site,price,age,shown", ...PREDICTED].join("\n"));
    const objects = PREDICTED.map(([site, price, age, shown]) => ({ site, price, age, shown }));
    await Deno.writeTextFile(`${folder}/new.jsonl`, objects.map((row) => JSON.stringify(row)).join("\n"));
    const expected = await model.predict(readRows(objects, model.schema));
    for (const file of ["new.csv", "new.jsonl"]) {
      const predicted = await run(folder, "predict", "--model-file", "m.weft", "--data", file, "--out", "p.csv");
      assertEquals(predicted.code, 0, predicted.err);
      const lines = (await Deno.readTextFile(`${folder}/p.csv`)).trim().split("\n").slice(1);
      lines.forEach((line, i) => assertAlmostEquals(Number(line.split(",").at(-1)), expected[i], 1e-6, file));
      assertEquals(lines.length, 3);
    }
    const evaluated = await run(folder, "evaluate", "--model-file", "m.weft", "--data", "log.csv");
    assertEquals(evaluated.code, 0, evaluated.err);

    const schema = {
      ...{ label: "y", trim: true, lowerCase: true, unicode: "NFKC" },
      features: [
        { kind: "categorical", name: "site", ifMissing: "mode" },
        { kind: "numeric", name: "price", scale: "standard", ifMissing: "mean", indicator: true },
        { kind: "numeric", name: "age", buckets: [18, 25, 40], ifMissing: { value: 30 } },
        { kind: "numeric", name: "shown", buckets: "log", ifMissing: "nearest" },
      ],
    };
    await Deno.writeTextFile(`${folder}/schema.json`, JSON.stringify(schema));
    await train("s.weft", "--schema", "schema.json", "--missing", "N/A");
    await using same = await Model.load(`${folder}/s.weft`, models, { device: await gpu() });
    assertEquals(await same.schema.fingerprint(), await model.schema.fingerprint());
    assertEquals(await same.parameters(), await model.parameters());
  }));
