import { deepfm } from "../../models/deepfm.ts";
import { readRows, type Row } from "../../src/data/rows.ts";
import { categorical } from "../../src/data/schema.ts";
import { Model } from "../../src/model.ts";
import { adam } from "../../src/optimizer.ts";
import { asha } from "../../src/search/pruner.ts";
import { grid } from "../../src/search/sampler.ts";
import { tune } from "../../src/search/tune.ts";
import { assert, assertEquals } from "@std/assert";
import { gpu } from "../support.ts";

Deno.test("a search over fit stops trainings by their signal and keeps the best learning rate", async () => {
  const rows: Row[] = Array.from({ length: 240 }, (_, r) => {
    const [user, item] = [(r * 5) % 7, (r * 3) % 4];
    return { click: Number((user + item) % 2 === 0), user: `u${user}`, item: `i${item}` };
  });
  const data = readRows(rows, { label: "click", features: [categorical("user"), categorical("item")] });
  const [training, validation] = data.split([0.7, 0.3], { by: "label", seed: 1 });
  const device = await gpu();
  const trained: number[] = [];
  const { best, trials } = await tune({
    space: { lr: [0.05, 1e-7, 1e-6] },
    sampler: grid(),
    pruner: asha({ reductionFactor: 2 }),
    direction: "minimize",
    objective: async (trial) => {
      const definition = deepfm({ dim: 4, hidden: [8] });
      await using model = await Model.create(definition, training.schema, { seed: 3, device });
      const { epochs, bestMetrics } = await model.fit(training, {
        validation,
        epochs: 6,
        batchSize: 32,
        optimizer: adam({ lr: trial.params.lr }),
        earlyStopping: { monitor: "logloss", patience: 6 },
        signal: trial.signal,
        onEpoch: ({ epoch, validation }) => trial.report(epoch, validation!.logloss, epoch === 6),
      });
      trained.push(epochs.length);
      return bestMetrics!.logloss;
    },
  });
  assertEquals(trials.map(({ state }) => state), ["COMPLETE", "PRUNED", "PRUNED"]);
  assertEquals(trained[0], 6);
  assert(trained[1] < 6 && trained[2] < 6, String(trained));
  assertEquals(best!.params.lr, 0.05);
});
