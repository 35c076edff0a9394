/** Labels that are numbers: squared loss, metrics, predictions, and what they cannot be used for. */
import { finalmlp, fm, lr, models } from "../../models/mod.ts";
import { randomNormal, randomUnit } from "../../src/data/random.ts";
import { readRows, type Row } from "../../src/data/rows.ts";
import { categorical, numeric, parseSchema, type Schema } from "../../src/data/schema.ts";
import { activation, multiply, subtract } from "../../src/layers/mod.ts";
import { crossEntropy, type CustomLoss, squared } from "../../src/losses.ts";
import { Model } from "../../src/model.ts";
import { adam } from "../../src/optimizer.ts";
import { uniform } from "../../src/initializer.ts";
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { inFolder } from "../folder.ts";
import { runSession, tensorOf, withSession } from "../interchange/onnx_run.ts";
import { assertClose, gpu } from "../support.ts";

const LINE: Schema = { label: "watched", real: true, features: [numeric("x"), numeric("z")] };

/** Rows of watched = -40 + 3 x - 2 z. */
const rowsOf = (rows: number, seed: number): Row[] =>
  Array.from({ length: rows }, (_, r) => {
    const [x, z] = [randomUnit(seed, 1, r), randomUnit(seed, 2, r)];
    return { x, z, watched: -40 + 3 * x - 2 * z };
  });

const line = readRows(rowsOf(400, 1), LINE);
const test = readRows(rowsOf(100, 2), line.schema, { labeled: true });

async function create(definition = lr(), schema = line.schema): Promise<Model> {
  return await Model.create(definition, schema, { seed: 3, device: await gpu() });
}

Deno.test("a linear function is recovered, from a bias that starts at the mean, and saved as one", () =>
  inFolder(async (folder) => {
    await using model = await create();
    const mean = line.labels.reduce((sum, label) => sum + label, 0) / line.rows;
    await model.fit(line, { batchSize: 100, schedule: () => 0 });
    assertAlmostEquals(Number((await model.parameters())["linear.bias"].data[0]), mean, 1e-4);
    await using fitted = await create();
    const { epochs, bestMetrics } = await fitted.fit(line, {
      ...{ batchSize: 50, epochs: 60, optimizer: adam({ lr: 0.1 }), validation: test, unseenShare: 0 },
      earlyStopping: { patience: 60 },
    });
    assert(epochs[0].loss > 0.1 && epochs.at(-1)!.loss < 1e-4, `loss ${epochs.at(-1)!.loss}`);
    const { rmse, mae, auc, notes, rows } = await fitted.evaluate(test);
    assert(rmse! < 0.01 && mae! <= rmse!, `RMSE ${rmse}, MAE ${mae}`);
    assertEquals([auc, bestMetrics!.rmse, rows], [NaN, rmse, 100]);
    assertEquals(notes!.logloss, "labels are numbers, whose errors rmse and mae measure");
    const predicted = await fitted.predict(test);
    assertClose(predicted, test.labels, "predictions", { rtol: 1e-3 });
    const path = `${folder}/line.weft`;
    await fitted.save(path);
    await using loaded = await Model.load(path, models, { device: await gpu() });
    assertEquals([loaded.schema.real, await loaded.predict(test)], [true, predicted]);
    // The processor, servers and ONNX predict the same numbers.
    for (const processor of ["never", "always"] as const) {
      await using scorer = await loaded.scorer({ batchSizes: [128], processor });
      const { probabilities, logits } = await scorer.score(test);
      assertClose(probabilities, predicted, processor, { rtol: 1e-6 });
      assertEquals(logits, probabilities);
    }
    await withSession(loaded, {}, async (session) => {
      const column = (name: string) => tensorOf("float32", rowsOf(100, 2).map((row) => row[name] as number), [100, 1]);
      const { score } = await runSession(session, { x: column("x"), z: column("z") });
      assertClose(score, predicted, "ONNX", { rtol: 1e-6 });
    });
  }));

Deno.test("the loss is the weighted mean of squared errors, also of labels below 0", async () => {
  const schema = { ...LINE, weight: "w" };
  const rows = rowsOf(90, 3).map((row, r) => ({ ...row, w: r % 3 }));
  const data = readRows(rows, schema);
  await using model = await create(lr(), data.schema);
  const before = await model.predict(data);
  const { epochs: [{ loss }] } = await model.fit(data, { batchSize: 90, schedule: () => 0, initialBias: "keep" });
  const errorAt = (r: number) => (before[r] - data.labels[r]) ** 2;
  const mean = rows.reduce((sum, { w }, r) => sum + w * errorAt(r), 0) / rows.reduce((sum, { w }) => sum + w, 0);
  assertAlmostEquals(loss / mean, 1, 1e-5);
  assertAlmostEquals((await model.evaluate(data)).rmse! ** 2 / mean, 1, 1e-5);
  // The bias of weighted rows starts at their weighted mean.
  await using second = await create(lr(), data.schema);
  await second.fit(data, { batchSize: 90, schedule: () => 0 });
  const weighted = rows.reduce((sum, { w }, r) => sum + w * data.labels[r], 0) / 90;
  assertAlmostEquals(Number((await second.parameters())["linear.bias"].data[0]), weighted, 1e-3);
});

Deno.test("a function of predictions and labels trains as the squared error does", async () => {
  const train = async (loss: CustomLoss | ReturnType<typeof squared>) => {
    await using model = await create();
    await model.fit(line, { batchSize: 100, epochs: 2, loss, unseenShare: 0 });
    return (await model.evaluate(test)).rmse!;
  };
  const own: CustomLoss = (predictions, labels) => {
    const error = subtract(predictions, labels);
    return multiply(error, error);
  };
  assertAlmostEquals(await train(own), await train(squared()), 1e-4);
  // A loss that is flat far from the label learns less from labels below 0.
  const bounded: CustomLoss = (predictions, labels) => activation(own(predictions, labels), "sigmoid");
  assert(Number.isFinite(await train(bounded)));
});

/** Ratings of 1 to 5 stars by the vectors of users and movies. */
function drawRatings(rows: number, seed: number): Row[] {
  const vector = (kind: number, id: number) => [0, 1].map((d) => randomNormal(5, kind, id, d));
  return Array.from({ length: rows }, (_, r) => {
    const [user, movie] = [Math.floor(12 * randomUnit(seed, 1, r)), Math.floor(15 * randomUnit(seed, 2, r))];
    const liked = vector(1, user).reduce((sum, u, d) => sum + u * vector(2, movie)[d], 0);
    const rating = Math.min(5, Math.max(1, Math.round(3.5 + liked + 0.2 * randomNormal(seed, 3, r))));
    return { user: `u${user}`, movie: `m${movie}`, rating };
  });
}

Deno.test("factors predict ratings that effects of users and movies do not", async () => {
  const schema: Schema = { label: "rating", real: true, features: [categorical("user"), categorical("movie")] };
  const ratings = readRows(drawRatings(1200, 1), schema);
  const held = readRows(drawRatings(300, 2), ratings.schema, { labeled: true });
  const train = async (definition: ReturnType<typeof fm>) => {
    const embeddingInitializer = uniform(-0.3, 0.3);
    await using model = await Model.create(definition, ratings.schema, { device: await gpu(), embeddingInitializer });
    await model.fit(ratings, {
      ...{ batchSize: 60, epochs: 25, optimizer: adam({ lr: 0.02 }), validation: held },
      earlyStopping: { monitor: "mae", patience: 5 },
    });
    return await model.evaluate(held);
  };
  const [effects, factors] = [await train(lr()), await train(fm({ dim: 2 }))];
  assert(factors.rmse! < 0.5 && factors.mae! < 0.4, `RMSE ${factors.rmse}, MAE ${factors.mae}`);
  assert(effects.rmse! > 0.8, `RMSE of effects ${effects.rmse}`);
});

Deno.test("a model whose own terms are about clicks leaves them out", async () => {
  await using model = await create(finalmlp({ dim: 4, hidden1: [8], hidden2: [8] } as never));
  await model.fit(line, { batchSize: 100, epochs: 3 });
  assert(Number.isFinite((await model.evaluate(test)).rmse!));
});

Deno.test("what numbers cannot be used for is refused", async () => {
  await using model = await create();
  await model.fit(line, { batchSize: 100 });
  await assertRejects(
    () => model.calibrate(test),
    TypeError,
    "Cannot calibrate: labels must be 0 or 1, received numbers",
  );
  await assertRejects(
    () => model.fit(line, { loss: crossEntropy() }),
    TypeError,
    "Cannot train: the loss must be squared, since labels are real numbers, received cross_entropy",
  );
  const clicks = readRows([{ y: 1, x: 1 }, { y: 0, x: 2 }], { label: "y", features: [numeric("x")] });
  await using other = await create(lr(), clicks.schema);
  await assertRejects(() => other.fit(clicks, { loss: squared() }), TypeError, "received squared");
  await assertRejects(
    () => model.fit(line, { validation: test, earlyStopping: { monitor: "auc" } }),
    RangeError,
    'the monitor "auc" cannot be computed on the validation data: labels are numbers',
  );
  const constant = readRows([{ x: 1, z: 1, watched: 2 }, { x: 2, z: 1, watched: 2 }], line.schema, { labeled: true });
  await assertRejects(() => model.fit(constant), RangeError, "labels must differ, received 2 rows with label 2");
  assertThrows(() => line.downsampleNegatives(0.5, { seed: 1 }), TypeError, "received numbers");
  assertThrows(() => line.split([0.5, 0.5], { by: "label", seed: 1 }), RangeError, "needs classes, received numbers");
  assertThrows(() => readRows([{ x: 1, z: 1, watched: "long" }], LINE), Error, "expected a number that float32 holds");
  const refuse = (more: object, message: string) =>
    assertThrows(() => parseSchema({ ...LINE, ...more }), TypeError, `Cannot read schema: ${message}`);
  refuse({ threshold: 3 }, "a label is real or has classes, received both real and threshold");
  refuse({ label: undefined, labels: ["a", "b"] }, "real needs one label, received others");
  refuse({ real: "yes" }, 'real must be true or false, received "yes"');
});
