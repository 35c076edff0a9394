import { add, constant, defineModel, linear } from "../../src/layers/mod.ts";
import { Model } from "../../src/model.ts";
import { addBias } from "../../src/ops/dense/bias.ts";
import { sgd } from "../../src/optimizer.ts";
import { assertAlmostEquals, assertNotEquals } from "@std/assert";
import { gpu } from "../support.ts";
import { drawClicks } from "./clicks.ts";

Deno.test("a gradient that is part of another parameter's gradient trains both", async () => {
  const own = defineModel("own", (x) => {
    const [a, b] = ["a", "b"].map((name) => x.graph.parameter(name, [1], constant(0.5)));
    return addBias(addBias(linear(x), add(a, b)), a);
  });
  const data = drawClicks(64, 3);
  await using model = await Model.create(own(), data.schema, { device: await gpu() });
  await model.fit(data, { batchSize: 64, optimizer: sgd({ lr: 0.1 }), initialBias: "keep" });
  const { a, b } = await model.parameters();
  const [da, db] = [a, b].map(({ data }) => data[0] as number - 0.5);
  assertNotEquals(db, 0);
  assertAlmostEquals(da, 2 * db, 1e-6);
});
