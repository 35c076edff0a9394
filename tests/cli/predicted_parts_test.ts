import { assertEquals } from "@std/assert";
import { fm, Model } from "../../mod.ts";
import { formatParts, PartTotals, predictParts } from "../../src/cli/predicted_parts.ts";
import { PredictedFiles } from "../../src/cli/predictions.ts";
import { readData, readWatchedParts } from "../../src/data/read_data.ts";
import { categorical } from "../../src/data/schema.ts";
import { gpu } from "../support.ts";

Deno.test("rows predicted in parts have the lines of one part, with malformed rows at the edges", async () => {
  const { schema } = await readData(new File(["click,user\n1,a\n0,b\n1,c\n"], "t.csv"), {
    label: "click",
    features: [categorical("user")],
  });
  await using model = await Model.create(fm({ dim: 4 }), schema, { seed: 1, device: await gpu() });
  const source = new File(["user,n\na,0\n1\nb,1\nc,2\n2\n3\n4\na,3\nnew,4\n"], "rows.csv");
  const run = async (rows: number) => {
    const files = new PredictedFiles(["n", "user"]);
    const totals = new PartTotals();
    const parts = readWatchedParts(source, schema, { labeled: false, onBadRow: "skip" }, files, rows);
    const lines = await Array.fromAsync(formatParts(predictParts(model, parts, files, { batchSize: 4 }, totals)));
    return { text: lines.join(""), faults: files.faults, totals: { ...totals } };
  };
  const whole = await run(Infinity);
  assertEquals([whole.text.split("\n").length, whole.faults, whole.totals.rows], [11, 4, 5]);
  for (const rows of [1, 2, 3, 9]) assertEquals(await run(rows), whole);
});
