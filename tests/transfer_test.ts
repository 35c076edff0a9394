import { fm, fnn } from "../models/mod.ts";
import { plantedInteractions } from "../src/data/synthetic.ts";
import { Model } from "../src/model.ts";
import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { initializeFromFm } from "../src/transfer.ts";
import { gpu } from "./support.ts";

const { data } = plantedInteractions({ rows: 200, vocabularies: [7, 5, 3], dim: 3, noise: 0.5, seed: 1 });

Deno.test("an FNN takes the tables of a trained FM, keeps its network, and trains on", async () => {
  const device = await gpu();
  await using source = await Model.create(fm({ dim: 4 }), data.schema, { device });
  await source.fit(data, { epochs: 2, batchSize: 50 });
  await using target = await Model.create(fnn({ dim: 4, hidden: [8] }), data.schema, { device });
  const before = await target.parameters();
  await initializeFromFm(target, source);
  const [trained, own] = [await source.parameters(), await target.parameters()];
  assertEquals(own.embedding.data, trained.embedding.data);
  assertEquals(own.linear.data, trained.linear.data);
  assertNotEquals(own.embedding.data, before.embedding.data);
  assertEquals(own["mlp.0.weight"].data, before["mlp.0.weight"].data);
  await target.fit(data, { epochs: 1, batchSize: 50 });
  assertNotEquals((await target.parameters()).embedding.data, trained.embedding.data);
});

Deno.test("an FNN refuses another model, and an FM of another width", async () => {
  const device = await gpu();
  await using source = await Model.create(fm({ dim: 4 }), data.schema, { device });
  await using target = await Model.create(fnn({ dim: 8, hidden: [8] }), data.schema, { device });
  await assertRejects(
    () => initializeFromFm(source, target),
    TypeError,
    'Cannot initialize an FNN: models must be "fnn" and "fm", received "fm" and "fnn"',
  );
  await assertRejects(() => initializeFromFm(target, source), TypeError, '"embedding" must have shape [');
});
