import v8 from "node:v8";
import { runInNewContext } from "node:vm";
import { deepfm } from "../../models/mod.ts";
import { Model } from "../../src/model.ts";
import { Running } from "../../src/serve/running.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { drawDataset, schemaOf } from "../datasets.ts";
import { gpu } from "../support.ts";

Deno.test("calls are waited for until they end, whether they fail or not", async () => {
  const running = new Running();
  await running.idle();
  const [first, second] = [Promise.withResolvers<number>(), Promise.withResolvers<number>()];
  const calls = [running.add(first.promise), running.add(second.promise)];
  let isIdle = false;
  const idle = running.idle().then(() => isIdle = true);
  first.reject(new Error("no"));
  await assertRejects(() => calls[0], Error, "no");
  assert(!isIdle);
  second.resolve(7);
  assertEquals(await calls[1], 7);
  await idle;
});

Deno.test("a scorer holds on to no scores that it has returned", async () => {
  v8.setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const data = drawDataset(schemaOf([5, 3]), 4, 1);
  await using model = await Model.create(deepfm({ dim: 4, hidden: [4] }), data.schema, { device: await gpu() });
  for (const processor of ["never", "always"] as const) {
    await using scorer = await model.scorer({ batchSizes: [4], processor });
    const returned: WeakRef<Float32Array>[] = [];
    for (let call = 0; call < 20; call++) returned.push(new WeakRef((await scorer.score(data)).logits));
    // What a turn of the event loop has looked at through a weak reference stays until its end.
    await new Promise((resolve) => setTimeout(resolve));
    collect();
    const held = returned.filter((scores) => scores.deref() !== undefined).length;
    assert(held <= 2, `${held} of 20 scores are held`);
  }
});
