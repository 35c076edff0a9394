import { deepfm, sharedBottom } from "../../models/mod.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical } from "../../src/data/schema.ts";
import type { EpochReport } from "../../src/trainer/options.ts";
import { Model } from "../../src/model.ts";
import { sgd } from "../../src/optimizer.ts";
import type { FitOptions } from "../../src/trainer/options.ts";
import { type RowOrderOptions, RowOrders } from "../../src/trainer/row_orders.ts";
import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { inFolder } from "../folder.ts";
import { gpu } from "../support.ts";
import { drawClicks } from "./clicks.ts";

const data = drawClicks(4000, 3);
const { rows, labels } = data;
const negatives = rows - data.positives;

async function train(options: FitOptions): Promise<Record<string, unknown>> {
  await using model = await Model.create(deepfm({ dim: 4, hidden: [8] }), data.schema, {
    seed: 3,
    device: await gpu(),
  });
  await model.fit(data, { batchSize: 256, ...options });
  return await model.parameters();
}

function ordersOf(options: Partial<RowOrderOptions>): RowOrders | undefined {
  return RowOrders.of({ rows, labels, negativeRate: 1, seed: 5, epochs: 9, shuffle: true, ...options });
}

Deno.test("each epoch takes all positive rows and its share of the negative ones, which have their turn", () => {
  const orders = ordersOf({ negativeRate: 0.3 })!;
  assertEquals(orders.rows, data.positives + Math.round(0.3 * negatives));
  const turns = new Uint32Array(rows);
  for (let epoch = 0; epoch < 4; epoch++) {
    const order = orders.begin(epoch);
    assertEquals(order.length, orders.rows);
    assertEquals(new Set(order).size, order.length);
    for (const row of order) turns[row]++;
  }
  assert(labels.every((label, row) => label === 1 ? turns[row] === 4 : turns[row] === 1 || turns[row] === 2));
});

Deno.test("an order is the same however much of it was drawn before, and rows as they come are ascending", () => {
  const [one, other] = [ordersOf({ negativeRate: 0.3 })!, ordersOf({ negativeRate: 0.3 })!];
  one.begin(0);
  one.advance(17);
  assertEquals(one.next, undefined);
  one.advance(rows);
  const next = one.next!;
  assertEquals(one.begin(1), next);
  assertEquals(other.begin(1), next);
  const plain = ordersOf({ negativeRate: 0.3, shuffle: false })!.begin(1);
  assertEquals(plain, next.slice().sort());
  assertEquals(ordersOf({ shuffle: false }), undefined);
  assertEquals(ordersOf({ negativeRate: 1 })!.rows, rows);
});

Deno.test("a training with some of the negative rows gives the same bytes streamed, resumed and sorted by the GPU", () =>
  inFolder(async (folder) => {
    const path = `${folder}/run.weft`;
    const options = { negativeRate: 0.4, epochs: 3 };
    const whole = await train(options);
    assertNotEquals(whole, await train({ epochs: 3 }));
    assertEquals(await train({ ...options, memoryBudget: 4 * (5 + 2) * 600 }), whole);
    assertEquals(await train({ ...options, sort: "gpu" }), whole);
    await train({ ...options, epochs: 1, checkpoint: { path } });
    assertEquals(await train({ ...options, resume: path }), whole);
    await assertRejects(
      () => train({ epochs: 3, resume: path }),
      TypeError,
      "Cannot resume: the checkpoint was trained with negativeRate 0.4, received 1",
    );
  }));

Deno.test("a model of some of the negative rows predicts the rates of all", async () => {
  await using model = await Model.create(deepfm({ dim: 4, hidden: [8] }), data.schema, {
    seed: 3,
    device: await gpu(),
  });
  const reports: EpochReport[] = [];
  const onEpoch = (report: EpochReport) => reports.push(report);
  await model.fit(data, {
    negativeRate: 0.25,
    optimizer: sgd(),
    schedule: () => 0,
    batchSize: 512,
    epochs: 2,
    onEpoch,
  });
  assertEquals(model.calibration, { click: { curve: { kind: "logistic", slope: 1, shift: Math.log(0.25) } } });
  const predicted = await model.predict(data);
  assertAlmostEquals(predicted.reduce((sum, p) => sum + p, 0) / rows, data.positives / rows, 1e-3);
  // Without any evidence the loss of an epoch is the entropy of the rate among its rows.
  const rate = data.positives / (data.positives + Math.round(0.25 * negatives));
  const entropy = -rate * Math.log(rate) - (1 - rate) * Math.log(1 - rate);
  for (const { loss } of reports) assertAlmostEquals(loss, entropy, 1e-3);
});

Deno.test("a rate out of its range is refused, as are several labels", async () => {
  for (const negativeRate of [0, -1, 2, NaN]) {
    await assertRejects(() => train({ negativeRate }), RangeError, "rate must be in (0, 1]");
  }
  const schema = { labels: ["click", "buy"], features: [categorical("user")] };
  const two = readRows([{ click: 1, buy: 0, user: "a" }, { click: 0, buy: 1, user: "b" }], schema);
  await using model = await Model.create(sharedBottom({ dim: 4 }), two.schema, { device: await gpu() });
  await assertRejects(
    () => model.fit(two, { negativeRate: 0.5 }),
    TypeError,
    "rows must have one label, received click, buy",
  );
});
