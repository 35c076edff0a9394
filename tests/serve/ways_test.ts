import { adaptdhm, deepfm } from "../../models/mod.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { Model } from "../../src/model.ts";
import { sgd } from "../../src/optimizer.ts";
import type { Scores } from "../../src/predictor.ts";
import { serve } from "../../src/serve/server.ts";
import { describeWay, describeWays, timeWays } from "../../src/serve/ways.ts";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { drawDataset, schemaOf, withHistory } from "../datasets.ts";
import { assertAgrees, randomize } from "../processor/agreement.ts";
import { gpu } from "../support.ts";

const schema = withHistory(schemaOf([5, 4, 6]), 4);
const data = drawDataset(schema, 12, 3);
const definition = deepfm({ dim: 4, hidden: [6] });

const create = async () => await Model.create(definition, schema, { device: await gpu() });

/** Times passes whose rows take so many ms, by a clock that only they move on. */
async function waysBy(device: readonly (readonly [rows: number, ms: number])[], processorMs: (rows: number) => number) {
  let now = 0;
  const pass = (msOf: (rows: number) => number) => ({
    score: ({ rows }: Dataset) => {
      now += msOf(rows);
      return Promise.resolve({} as Scores);
    },
  });
  const passes = device.map(([batch, ms]) => ({ batch, ...pass(() => ms) }));
  const ways = await timeWays(passes, pass(processorMs), schema, () => now);
  return ways.map(({ rows, processorRows, ...times }) => [rows, processorRows, times.deviceMs, times.processorMs]);
}

Deno.test("batches go past the device up to the rows for which that is faster", async () => {
  const rising = await waysBy([[1, 10], [8, 10], [64, 10], [512, 20]], (rows) => rows / 4);
  // Of 64 rows those up to 40 take less than 10 ms; of 512 rows none of more than 64 do less than 20 but those up to 80.
  assertEquals(rising, [[1, 1, 10, 0.25], [8, 8, 10, 2], [64, 40, 10, 16], [512, 80, 20, undefined]]);
  assertEquals(await waysBy([[1, 2], [8, 2]], () => 1), [[1, 1, 2, 1], [8, 8, 2, 1]]);
  assertEquals(await waysBy([[4, 1], [16, 3]], () => 3), [[4, 1, 1, 3], [16, 0, 3, undefined]]);
  assertEquals(await waysBy([[1, 1], [2, 1]], () => 1), [[1, 1, 1, 1], [2, 0, 1, undefined]]);
});

Deno.test("a way that takes long is timed by fewer runs", async () => {
  let runs = 0;
  await waysBy([[1, 1000]], () => (runs++, 150));
  assertEquals(runs, 2);
});

Deno.test("ways are told in words", () => {
  const ways = [{ rows: 8, processorRows: 8, deviceMs: 1.5, processorMs: 0.25 }, { rows: 64, processorRows: 20 }, {
    rows: 512,
    processorRows: 0,
  }];
  assertEquals(ways.map(describeWay), ["processor", "processor up to 20 rows", "device"]);
  assertEquals(
    describeWays(ways),
    "on the processor batches up to 8, 20 of 64 rows; 8 in 0.25 ms, on the device 1.5",
  );
  assertEquals(
    describeWays(ways.slice(0, 2).map(({ rows, processorRows }) => ({ rows, processorRows }))),
    "on the processor batches up to 8, 20 of 64 rows",
  );
  assertEquals(describeWays(ways.slice(2), "it is large"), "all batches on the device: it is large");
});

Deno.test("a scorer computes small batches the way that was faster, and all of them as it is told", async () => {
  await using model = await create();
  await randomize(model);
  await using device = await model.scorer({ batchSizes: [1, 16], processor: "never" });
  assertEquals(device.ways, [{ rows: 1, processorRows: 0 }, { rows: 16, processorRows: 0 }]);
  assertMatch(device.description, /^all batches on the device: it is not asked for$/);
  await using processor = await model.scorer({ batchSizes: [1, 16], processor: "always" });
  assertEquals(processor.ways, [{ rows: 1, processorRows: 1 }, { rows: 16, processorRows: 16 }]);
  assertAgrees(await processor.score(data), await device.score(data), "always");
  await using chosen = await model.scorer({ batchSizes: [1, 16] });
  for (const { rows, processorRows, deviceMs, processorMs } of chosen.ways) {
    if (processorMs !== undefined) assertEquals(processorRows === rows, processorMs < deviceMs!);
  }
  assertAgrees(await chosen.score(data), await device.score(data), "auto");
});

Deno.test("a scorer on the processor takes new parameters over", async () => {
  await using model = await create();
  await using device = await model.scorer({ batchSizes: [16], processor: "never" });
  await using processor = await model.scorer({ batchSizes: [16], processor: "always" });
  await using chosen = await model.scorer({ batchSizes: [16] });
  const assertAllAgree = async (label: string) => {
    const expected = await device.score(data);
    assertAgrees(await processor.score(data), expected, label);
    // The first batch may go to the device, and has the parameters read; one of the next ones goes past it again.
    for (let i = 0; i < 3; i++) assertAgrees(await chosen.score(data), expected, label);
  };
  await randomize(model);
  await assertAllAgree("set");
  const scored: Promise<Scores>[] = [];
  await model.fit(data, {
    ...{ epochs: 3, batchSize: 4, optimizer: sgd({ lr: 0.1 }), seed: 1 },
    onEpoch: () => void scored.push(processor.score(data), chosen.score(data)),
  });
  assertEquals((await Promise.all(scored)).length, 6);
  await assertAllAgree("trained");
});

Deno.test("during training scores of both ways are of one moment between two steps", async () => {
  await using model = await create();
  await randomize(model);
  await using device = await model.scorer({ batchSizes: [16], processor: "never" });
  await using processor = await model.scorer({ batchSizes: [16], processor: "always" });
  const pairs: Promise<Scores[]>[] = [];
  await model.fit(data, {
    ...{ epochs: 4, batchSize: 4, optimizer: sgd({ lr: 0.1 }), seed: 1 },
    // Both calls begin at once, so that no step comes in between.
    onEpoch: () => void pairs.push(Promise.all([processor.score(data), device.score(data)])),
  });
  for (const [own, other] of await Promise.all(pairs)) assertAgrees(own, other, "epoch");
});

Deno.test("a model that the processor cannot compute stays on the device, and says which op is why", async () => {
  const unable = adaptdhm({ dim: 4, hidden: [6] });
  await using model = await Model.create(unable, schema, { device: await gpu() });
  await using scorer = await model.scorer({ batchSizes: [16] });
  assertMatch(scorer.description, /^all batches on the device: .*no form of the ops cluster_routing$/);
  assertEquals((await scorer.score(data)).probabilities, await model.predict(data, { batchSize: 16 }));
  await assertRejects(() => model.scorer({ processor: "always" }), TypeError, "no form of the ops cluster_routing");
  await assertRejects(
    () => model.scorer({ processor: "sometimes" as never }),
    RangeError,
    'processor must be auto, never or always, received "sometimes"',
  );
});

Deno.test("the configuration and the metrics tell which way batches go", async () => {
  await using model = await create();
  await using server = await serve(model, { port: 0, batchSizes: [1, 8], processor: "always" });
  const { parameters } = await (await fetch(`${server.url}/v2/models/deepfm/config`)).json();
  assertEquals(parameters.way_of_1_rows, { string_value: "processor" });
  assertEquals(parameters.way_of_8_rows, { string_value: "processor" });
  await using timed = await serve(model, { port: 0, batchSizes: [1, 8] });
  const text = await (await fetch(`${timed.url}/metrics`)).text();
  for (const way of ["device", "processor"]) {
    assertMatch(text, new RegExp(`weft_forward_seconds{model="deepfm",version="1",rows="1",way="${way}"} \\d`));
  }
});
