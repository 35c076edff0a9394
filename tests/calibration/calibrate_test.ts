import golden from "../golden/downsampling.json" with { type: "json" };
import { categorical, Dataset, deepfm, mmoe, Model, readCsv, serve } from "../../mod.ts";
import { probabilityOf } from "../../src/calibration/curve.ts";
import { Calibrator, parseCalibration } from "../../src/calibration/calibration.ts";
import { calibrate } from "../../src/calibration/calibrate.ts";
import { concatenate } from "../../src/data/concatenate.ts";
import { expectedCalibrationError } from "../../src/metrics.ts";
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { inFolder } from "../folder.ts";
import { planted } from "../model/planted.ts";
import { assertClose, gpu, randomArray } from "../support.ts";

/** A table of clicks whose rate depends on the user, 0.1, 0.3 and 0.8. */
function clicks(rows: number, tasks = ["click"]): Promise<Dataset> {
  const draws = randomArray(rows * tasks.length, 5).map((u) => (u + 1) / 2);
  const lines = Array.from({ length: rows }, (_, row) => {
    const labels = tasks.map((_, t) => +(draws[row * tasks.length + t] < [0.1, 0.3, 0.8][row % 3]));
    return [...labels, `u${row % 3}`].join();
  });
  const file = new File([[[...tasks, "user"].join(), ...lines].join("\n")], "clicks.csv");
  return readCsv(file, {
    ...(tasks.length > 1 ? { labels: tasks } : { label: tasks[0] }),
    features: [categorical("user")],
  });
}

Deno.test("a model that was trained on fewer negatives is corrected as the formula says", () => {
  const { w: rates, p: sampled, q: expected, logit_shift: shifts } = golden;
  rates.forEach((rate, i) => {
    assertAlmostEquals(Math.log(rate), shifts[i], 1e-9);
    const curve = { kind: "logistic", slope: 1, shift: Math.log(rate) } as const;
    const corrected = sampled.map((p) => probabilityOf(curve, Math.log(p / (1 - p))));
    assertClose(corrected, (expected as number[][])[i], `rate ${rate}`, { rtol: 1e-9 });
  });
});

Deno.test("training on a fifth of the negatives predicts the rate of all rows, and says so in the file", () =>
  inFolder(async (folder) => {
    const data = await clicks(3000);
    const fewer = data.downsampleNegatives(0.2, { seed: 3 });
    assertEquals(fewer.positives, data.positives);
    assertEquals(fewer.rows - fewer.positives, Math.round(0.2 * (data.rows - data.positives)));
    assertEquals(fewer.downsampleNegatives(0.5, { seed: 1 }).negativeRate, 0.1);
    assertEquals(fewer.slice(0, 9).negativeRate, 0.2);
    assertThrows(() => concatenate([data, fewer]), TypeError, "negativeRate must be 1 of all, received 0.2");
    await fewer.save(`${folder}/fewer.weft`);
    assertEquals((await Dataset.load(`${folder}/fewer.weft`)).negativeRate, 0.2);

    const options = { device: await gpu(), seed: 1 };
    await using model = await Model.create(deepfm({ dim: 4, hidden: [8] }), data.schema, options);
    await model.fit(fewer, { epochs: 20, batchSize: 128 });
    const { calibration } = await model.evaluate(data);
    assertAlmostEquals(calibration, 1, 0.03);
    assertEquals(model.calibration, { click: { curve: { kind: "logistic", slope: 1, shift: Math.log(0.2) } } });
    const [corrected, plain] = [await model.predict(data), await model.predict(data, { calibrated: false })];
    plain.forEach((p, row) => assertAlmostEquals(corrected[row], p / (p + (1 - p) / 0.2), 1e-6));
    assert((await model.evaluate(data, { calibrated: false })).calibration > 1.5);
    await model.fit(data, { epochs: 1, batchSize: 512 });
    assertEquals(model.calibration, undefined);
  }));

Deno.test("rows are left out of data with one label and a rate above 0 only", async () => {
  const data = await clicks(20);
  assertThrows(() => data.downsampleNegatives(0, { seed: 1 }), RangeError, "rate must be in (0, 1], received 0");
  const two = await clicks(20, ["click", "buy"]);
  assertThrows(() => two.downsampleNegatives(0.5, { seed: 1 }), TypeError, "one label, received click, buy");
});

Deno.test("a calibrated model predicts rates, keeps them through files and servers, and loses them in training", () =>
  inFolder(async (folder) => {
    const data = planted(3000);
    const options = { device: await gpu(), seed: 1 };
    await using model = await Model.create(deepfm({ dim: 4, hidden: [16] }), data.schema, options);
    await model.fit(data, { epochs: 6, batchSize: 128 });
    // A loss that draws all scores down, so that they are no rates.
    await model.fit(data, { epochs: 2, batchSize: 128, loss: (logits) => logits });
    const before = await model.predict(data);
    for (const method of ["platt", "temperature", "isotonic"] as const) {
      await model.calibrate(data, { method });
      const after = await model.predict(data);
      const error = (scores: Float32Array) => expectedCalibrationError(scores, data.labels);
      assert(error(after) < error(before) / 2, `${method}: ${error(before)} to ${error(after)}`);
      await model.save(`${folder}/m.weft`);
      await using loaded = await Model.load(`${folder}/m.weft`, deepfm, options);
      assertEquals(loaded.calibration, model.calibration);
      assertEquals(await loaded.predict(data), after);
      await using scorer = await loaded.scorer({ batchSizes: [64], processor: "never" });
      assertEquals((await scorer.score(data.slice(0, 40))).probabilities, after.slice(0, 40));
    }
    const { embedding } = await model.parameters();
    model.setParameters({ embedding });
    assertEquals(model.calibration, undefined);
    assertEquals(await model.predict(data), before);
  }));

Deno.test("values of a field get a shift of their own, those with few rows none", async () => {
  const data = await clicks(1200);
  const calibration = calibrate(data, new Float32Array(1200).map((_, row) => row % 2), { by: "user", minRows: 100 });
  const calibrator = new Calibrator();
  calibrator.set(calibration);
  const scores = { probabilities: new Float32Array(1200), logits: new Float32Array(1200).map((_, row) => row % 2) };
  const calibrated = calibrator.apply(scores, data);
  for (const user of [0, 1, 2]) {
    const own = Array.from({ length: 400 }, (_, i) => 3 * i + user);
    const mean = (values: Float32Array) => own.reduce((sum, row) => sum + values[row], 0) / own.length;
    // The prior draws the shift a little towards 0.
    assertAlmostEquals(mean(calibrated), mean(data.labels), 0.01);
  }
  assertEquals(calibrate(data, scores.logits, { by: "user", minRows: 401 }).click.slices!.rows, []);
  assertEquals(parseCalibration(JSON.parse(JSON.stringify(calibration)), data.schema), calibration);
});

Deno.test("labels are calibrated one by one, unknown ones left out", async () => {
  const file = new File(["click,buy,user\n1,,a\n0,1,a\n1,0,b\n0,,b\n1,1,a\n,0,b\n"], "clicks.csv");
  const data = await readCsv(file, { labels: ["click", "buy"], features: [categorical("user")] });
  const options = { device: await gpu() };
  const definition = mmoe({ dim: 2, experts: 2, hidden: [4], tower: [2] });
  await using model = await Model.create(definition, data.schema, options);
  const calibration = await model.calibrate(data, { method: "isotonic" });
  assertEquals(Object.keys(calibration), ["click", "buy"]);
  const { click, buy } = await model.predictTasks(data);
  const mean = (scores: Float32Array, rows: number[]) => rows.reduce((sum, row) => sum + scores[row], 0) / rows.length;
  assertAlmostEquals(mean(click, [0, 1, 2, 3, 4]), 3 / 5, 1e-6);
  assertAlmostEquals(mean(buy, [1, 2, 4, 5]), 2 / 4, 1e-6);
});

Deno.test("calibration refuses what it cannot be fitted to, and files that hold another one", async () => {
  const data = await clicks(300);
  const z = randomArray(300, 1);
  const refused: [Parameters<typeof calibrate>[2], string][] = [
    [{ method: "beta" as "platt" }, 'method must be platt, temperature or isotonic, received "beta"'],
    [{ by: "item" }, 'by must be one of the fields user, received "item"'],
    [{ by: "user", minRows: 0 }, "minRows must be a positive integer, received 0"],
  ];
  for (const [options, message] of refused) {
    assertThrows(() => calibrate(data, Float32Array.from(z), options), RangeError, message);
  }
  await using model = await Model.create(deepfm({ dim: 4, hidden: [4] }), data.schema, { device: await gpu() });
  await assertRejects(() => model.calibrate(data.slice(0, 0)), RangeError, "must have rows");
  const damaged = [5, [], { buy: { curve: { kind: "logistic", slope: 1, shift: 0 } } }, { click: {} }, {
    click: { curve: { kind: "isotonic", x: [0.1], y: [] } },
  }];
  for (const json of damaged) {
    assertThrows(() => parseCalibration(json as never, data.schema), SyntaxError, "Cannot read calibration");
  }
});

Deno.test("a server answers with calibrated scores and the model's own logits", async () => {
  const data = planted(400);
  await using model = await Model.create(deepfm({ dim: 4, hidden: [8] }), data.schema, { device: await gpu() });
  await model.fit(data, { epochs: 1, batchSize: 128 });
  await model.calibrate(data, { method: "isotonic" });
  const server = await serve(model, { port: 0, batchSizes: [8] });
  try {
    const rows = [Object.fromEntries(data.schema.fields.map(({ name }) => [name, "1"]))];
    const response = await fetch(`${server.url}/v1/predict`, { method: "POST", body: JSON.stringify({ rows }) });
    const { scores, logits } = await response.json();
    const [{ curve }] = Object.values(model.calibration!);
    assertAlmostEquals(scores[0], probabilityOf(curve, logits[0]), 1e-6);
  } finally {
    await server.shutdown();
  }
});
