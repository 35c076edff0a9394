import { din, mmoe } from "../../models/mod.ts";
import type { Definition } from "../../src/definition.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical } from "../../src/data/schema.ts";
import { Model } from "../../src/model.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { assert, assertEquals } from "@std/assert";
import { plantedLog } from "../../bench/planted/logs.ts";
import { gpu } from "../support.ts";

/** Counts the mappings of memory with code in it that belong to no file: a software driver makes some for each kernel. */
function mappedCode(): number {
  const mappings = Deno.readTextFileSync("/proc/self/maps").split("\n");
  return mappings.filter((line) => /^\S+ \S*x\S* 0+ 00:00 0/.test(line)).length;
}

/** Returns how many mappings the steps of the third epoch add, when all kernels have run before. */
async function growthOf(definition: Definition, data: Dataset): Promise<number> {
  await using model = await Model.create(definition, data.schema, { device: await gpu(), seed: 1 });
  const counts: number[] = [];
  await model.fit(data, { epochs: 3, batchSize: 16, seed: 1, onEpoch: () => void counts.push(mappedCode()) });
  assertEquals(counts.length, 3);
  return counts[2] - counts[1];
}

Deno.test({
  name: "no kernel of a step is compiled again at each dispatch",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const rows = Array.from(
      { length: 640 },
      (_, r) => ({ click: r % 2, buy: r % 3 ? 0 : 1, user: r % 40, item: r % 30 }),
    );
    const labels = readRows(rows, { labels: ["click", "buy"], features: [categorical("user"), categorical("item")] });
    const history = plantedLog("item", { rows: 640, seed: 1 }).data;
    const cases: [Definition, Dataset][] = [
      [mmoe({ dim: 4, experts: 2, hidden: [8], tower: [4] }), labels],
      [din({ dim: 4, hidden: [8], attention: [8], dropout: 0.2 }), history],
    ];
    for (const [definition, data] of cases) {
      const growth = await growthOf(definition, data);
      // Of 40 steps; other threads may map something now and then.
      assert(growth < 10, `${definition.name}: ${growth} mappings of code in 40 steps`);
    }
  },
});
