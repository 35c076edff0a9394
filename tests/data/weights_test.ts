import { categorical, Dataset, dnn, evaluatePredictions, mmoe, Model, readCsv, type Schema } from "../../mod.ts";
import { concatenate } from "../../src/data/concatenate.ts";
import { parseSchema } from "../../src/data/schema.ts";
import { adam } from "../../src/optimizer.ts";
import { assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { inFolder } from "../folder.ts";
import { assertClose, gpu } from "../support.ts";

const SCHEMA: Schema = parseSchema({ label: "click", weight: "w", features: [categorical("user")] });

function csv(...rows: string[]): File {
  return new File([["click,w,user", ...rows].join("\n")], "clicks.csv");
}

Deno.test("weights are read beside the labels, and stay with their rows", () =>
  inFolder(async (folder) => {
    const data = await readCsv(csv("1,2,a", "0,0.5,b", "1,0,a"), SCHEMA);
    assertEquals([data.labelsOf(0), data.weights], [Float32Array.of(1, 0, 1), Float32Array.of(2, 0.5, 0)]);
    assertEquals(data.positives, 2);
    assertEquals(data.slice(1, 3).weights, Float32Array.of(0.5, 0));
    assertEquals(data.select(Uint32Array.of(2, 0)).weights, Float32Array.of(0, 2));
    assertEquals(concatenate([data, data.slice(0, 1)]).weights, Float32Array.of(2, 0.5, 0, 2));
    await data.save(`${folder}/rows.weft`);
    assertEquals((await Dataset.load(`${folder}/rows.weft`)).weights, data.weights);
    const again = await readCsv(csv("1,7,a"), data.schema);
    assertEquals(again.weights, Float32Array.of(7));
    const thinned = data.downsampleNegatives(1, { seed: 1 });
    assertEquals(thinned.weights, data.weights);
  }));

Deno.test("a weight that is missing, below 0 or no number is refused with its line", async () => {
  for (const [text, received] of [["", "a missing one"], ["-1", '"-1"'], ["x", '"x"']]) {
    await assertRejects(
      () => readCsv(csv("1,1,a", `0,${text},b`), SCHEMA),
      Error,
      `column "w": expected a number of at least 0, received ${received}`,
    );
  }
  await assertRejects(() => readCsv(new File(["click,user\n1,a\n"], "x.csv"), SCHEMA), Error, "the weight");
});

Deno.test("a schema refuses a weight that is the label, a feature or beside times", () => {
  const features = [{ kind: "categorical", name: "user" }];
  assertThrows(() => parseSchema({ label: "y", weight: "y", features }), RangeError, "another column than the label");
  assertThrows(
    () => parseSchema({ label: "y", weight: "user", features }),
    RangeError,
    "must not be the weight",
  );
  const survival = { time: "days", event: "ended", heads: { short: [0, 1, 2] } };
  assertThrows(() => parseSchema({ survival, weight: "w", features }), TypeError, "belongs to survival");
});

/** Trains on rows and returns losses, scores and parameters. */
async function train(data: Dataset, batchSize: number) {
  const options = { seed: 1, device: await gpu() };
  await using model = await Model.create(dnn({ dim: 4, hidden: [6] }), data.schema, options);
  const how = { epochs: 4, batchSize, shuffle: false, unseenShare: 0, optimizer: adam({ lr: 0.05 }) };
  const { epochs } = await model.fit(data, how);
  const evaluation = await model.evaluate(data);
  return { losses: epochs.map(({ loss }) => loss), evaluation, embedding: (await model.parameters()).embedding.data };
}

Deno.test("a row of weight 2 trains as two rows do, and one of weight 0 as none", async () => {
  const rows = Array.from({ length: 30 }, (_, r) => ({ click: r % 5 < 2 ? 1 : 0, weight: r % 3, user: `u${r % 4}` }));
  const weighted = await readCsv(csv(...rows.map(({ click, weight, user }) => `${click},${weight},${user}`)), SCHEMA);
  const repeated = await readCsv(
    csv(...rows.flatMap(({ click, weight, user }) => Array<string>(weight).fill(`${click},1,${user}`))),
    weighted.schema,
  );
  const [one, other] = [await train(weighted, 30), await train(repeated, repeated.rows)];
  assertClose(one.losses, other.losses, "losses", { rtol: 1e-5 });
  assertClose(one.embedding as Float32Array, other.embedding as Float32Array, "embedding", { rtol: 1e-3, atol: 1e-5 });
  for (const metric of ["auc", "logloss", "brier", "calibration"] as const) {
    assertAlmostEquals(one.evaluation[metric], other.evaluation[metric], 1e-4, metric);
  }
});

Deno.test("weights count for each of several labels, and in batches of many rows", async () => {
  const rows = Array.from(
    { length: 5000 },
    (_, r) => `${+(r % 3 === 0)},${r % 5 === 0 ? "" : +(r % 2 === 0)},${r % 4},u${r % 7}`,
  );
  const file = new File([["click,buy,w,user", ...rows].join("\n")], "clicks.csv");
  const schema = { labels: ["click", "buy"], weight: "w", features: [categorical("user")] };
  const data = await readCsv(file, schema);
  const definition = mmoe({ dim: 4, experts: 2, hidden: [8], tower: [4] });
  await using model = await Model.create(definition, data.schema, { seed: 1, device: await gpu() });
  const { epochs: [{ loss }] } = await model.fit(data, { batchSize: 5000, initialBias: "keep", unseenShare: 0 });
  // Before the first step each probability is a half, nearly: the weighted means of both labels' losses are ln 2.
  assertAlmostEquals(loss, 2 * Math.LN2, 0.01);
  const { tasks } = await model.evaluate(data);
  const predicted = await model.predictTasks(data);
  const known = Array.from({ length: 5000 }, (_, r) => r).filter((r) => data.labelsOf(1)[r] >= 0);
  const take = (values: ArrayLike<number>) => known.map((row) => values[row]);
  const expected = evaluatePredictions(take(predicted.buy), take(data.labelsOf(1)), take(data.weights!));
  assertEquals(tasks!.buy, expected);
});
