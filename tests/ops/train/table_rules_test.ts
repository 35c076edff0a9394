/** Rules of tables that look at a whole row, and what happens before and after a rule. */
import { adam, lamb, rowwiseAdagrad, sgd } from "../../../src/optimizer.ts";
import { assertEquals } from "@std/assert";
import { compare, hardware } from "../table_compare.ts";
import { randomBatch, runTable } from "../table_support.ts";

Deno.test("updateTable scales a step of LAMB by the norms of each row, lazily and densely, on GPUs and processors", async () => {
  const device = await hardware();
  const shape = { batch: 37, fields: 5, tableRows: 40, terms: ["values", "dEmbedding", "dFm"] as const };
  for (const dim of [1, 4, 6, 17, 40]) {
    const batches = [1, 2, 3].map((seed) => randomBatch({ ...shape, dim, seed, rows: seed === 3 ? 20 : 37 }));
    for (const embeddingUpdate of ["lazy", "dense"] as const) {
      for (const options of [{ minNorm: 0 }, { minNorm: 2, weightDecay: 0.1 }]) {
        const run = { optimizer: lamb({ ...options, embeddingUpdate }), tableRows: 40, batches, l2: 0.01, shards: 2 };
        await compare({ ...run, lr: 0.02 }, `${embeddingUpdate}, D ${dim}`);
        await compare({ ...run, lr: 0.02, device }, `GPU, ${embeddingUpdate}, D ${dim}`);
      }
    }
  }
  // Rows of zeros have no norm to scale by.
  const [batch] = [randomBatch({ ...shape, dim: 4, terms: ["values", "dEmbedding"] })];
  const run = { optimizer: lamb({ minNorm: 0 }), tableRows: 40, batches: [batch], weights: new Float64Array(160) };
  await compare({ ...run, lr: 0.02 }, "zeros");
  device.device.destroy();
});

Deno.test("updateTable draws weights to 0 by L1, and limits numbers of the gradient", async () => {
  const device = await hardware();
  const shape = { batch: 60, fields: 4, tableRows: 50, terms: ["values", "dEmbedding", "dFm"] as const };
  for (const dim of [1, 6, 16]) {
    const batches = [1, 2, 3].map((seed) => randomBatch({ ...shape, dim, seed, rows: seed === 3 ? 20 : 60 }));
    const rules = [adam(), adam({ embeddingUpdate: "dense" }), rowwiseAdagrad(), sgd({ momentum: 0.9 })];
    for (const optimizer of rules) {
      const run = { optimizer, l2: 0.05, lr: 0.05, tableRows: 50, batches };
      for (const more of [{ l1: 1.5 }, { clipValue: 0.3 }, { l1: 0.5, clipValue: 0.3 }]) {
        await compare({ ...run, ...more }, `${optimizer.name}, D ${dim}`);
        await compare({ ...run, ...more, device }, `GPU, ${optimizer.name}, D ${dim}`);
      }
    }
    const { weights } = await runTable({ optimizer: adam(), l1: 3, lr: 0.05, tableRows: 50, batches });
    const zeros = weights.filter((w) => w === 0).length;
    assertEquals(zeros > weights.length / 4 && zeros < weights.length, true, `${zeros} of ${weights.length} are 0`);
  }
  device.device.destroy();
});
