import {
  adagrad,
  adam,
  adamw,
  ftrl,
  lion,
  type Optimizer,
  rmsprop,
  rowwiseAdagrad,
  sgd,
} from "../../../src/optimizer.ts";
import { Gpu } from "../../../src/gpu/device.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { zeros } from "../../../src/initializer.ts";
import { loadKernels } from "../../../src/kernels/load.ts";
import { updateTable } from "../../../src/ops/train/table_update.ts";
import { assertEquals, assertThrows } from "@std/assert";
import golden from "../../golden/optimizers.json" with { type: "json" };
import type { Occurrences } from "../../reference/table_update.ts";
import { assertClose } from "../../support.ts";
import { compare, hardware } from "../table_compare.ts";
import { type BatchOptions, firstWeights, randomBatch, runTable, type TableRun } from "../table_support.ts";

async function compareBytes(run: TableRun, expected: TableRun): Promise<void> {
  assertEquals((await runTable(run)).bytes, (await runTable(expected)).bytes);
}

/** One step of plain descent from zero gradients compares the summed gradient itself. */
const compareGradient = (options: BatchOptions, label: string, device?: Gpu): Promise<void> =>
  compare({ optimizer: sgd(), lr: 1, tableRows: options.tableRows, batches: [randomBatch(options)], device }, label);

Deno.test("updateTable sums occurrences of all terms at widths of every kind", async () => {
  for (const dim of [1, 4, 6, 10, 16, 17]) {
    const shape = { batch: 37, fields: 5, dim, tableRows: 40 };
    await compareGradient({ ...shape, terms: ["values", "dEmbedding", "dFm"] }, `D ${dim}, values`);
    await compareGradient({ ...shape, terms: ["dEmbedding", "dFm"] }, `D ${dim}`);
  }
});

Deno.test("updateTable takes each term alone", async () => {
  const shape = { batch: 37, fields: 3, tableRows: 20 };
  await compareGradient({ ...shape, dim: 8, terms: ["dFm"] }, "FM");
  await compareGradient({ ...shape, dim: 8, terms: ["dEmbedding"] }, "embedding");
  await compareGradient({ ...shape, dim: 1, terms: ["dLinear"] }, "linear");
  await compareGradient({ ...shape, dim: 1, terms: ["dLinear", "values"] }, "linear, values");
});

Deno.test("updateTable takes the gradient of the rows in two parts and changes no bit", async () => {
  for (const [dim, more] of [[4, 2], [6, 1], [17, 4]]) {
    const batch = randomBatch({ batch: 37, rows: 30, fields: 5, dim, tableRows: 20, terms: ["values", "dEmbedding"] });
    for (const clip of [undefined, 0.1]) {
      const run = { optimizer: adam(), tableRows: 20, batches: [batch, batch], clip };
      await compareBytes({ ...run, more }, run);
    }
  }
});

Deno.test("updateTable sums runs of any length", async () => {
  const device = await hardware();
  for (const [where, dim] of [[undefined, 4], [device, 4], [device, 12], [device, 1]] as const) {
    const shape = { batch: 500, fields: 4, dim, tableRows: 2000, terms: ["values", "dEmbedding", "dFm"] as const };
    const check = (id: (o: number) => number, label: string) =>
      compareGradient({ ...shape, id }, `${label}, D ${dim}`, where);
    await check(() => 7, "all on one row");
    await check((o) => (o * 7) % 2000, "all distinct");
    await check((o) => Math.floor(o / 32), "runs that fill chunks");
    await check((o) => Math.floor((o + 5) / 64), "runs that cross chunks");
    await check((o) => Math.floor((o + 77) / 300), "runs that cross the chunks of a workgroup");
    await check((o) => Math.floor(Math.sqrt(o)), "runs of growing length");
  }
  device.destroy();
});

Deno.test("updateTable fits devices that bind eight buffers", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const device = new Gpu(await adapter!.requestDevice());
  await loadKernels(device);
  for (const dim of [4, 6, 17]) {
    const batch = randomBatch({ batch: 37, fields: 5, dim, tableRows: 40, terms: ["values", "dEmbedding", "dFm"] });
    await compare({ optimizer: adam(), tableRows: 40, batches: [batch, batch], device }, `D ${dim}`);
  }
  device.device.destroy();
});

Deno.test("updateTable computes the same where lanes of a row are worked on apart, as on GPUs", async () => {
  const device = await hardware();
  const shape = { batch: 300, fields: 4, tableRows: 50, terms: ["values", "dEmbedding", "dFm"] as const };
  for (const optimizer of [adam(), adam({ embeddingUpdate: "dense" }), rowwiseAdagrad({ initialAccumulator: 0.1 })]) {
    for (const dim of [1, 6, 16]) {
      const batches = [randomBatch({ ...shape, dim }), randomBatch({ ...shape, dim, rows: 150, id: () => 7 })];
      const run = { optimizer, l2: 0.1, lr: 0.01, tableRows: 50, batches, shards: 2 };
      await compare({ ...run, device }, `${optimizer.name}, D ${dim}`);
    }
  }
  device.device.destroy();
});

Deno.test("updateTable takes batches of one row and of partly valid rows", async () => {
  const shape = { dim: 4, tableRows: 9, terms: ["values", "dEmbedding", "dFm"] as const };
  await compareGradient({ ...shape, batch: 1, fields: 1 }, "B 1, F 1");
  await compareGradient({ ...shape, batch: 1, fields: 5 }, "B 1");
  await compareGradient({ ...shape, batch: 64, rows: 3, fields: 5 }, "3 of 64 rows");
  await compareGradient({ ...shape, batch: 64, rows: 32, fields: 1 }, "one chunk of two");
  await compareGradient({ ...shape, batch: 64, rows: 0, fields: 3 }, "no rows");
});

const OPTIMIZERS: Record<string, (embeddingUpdate: "lazy" | "dense") => Optimizer> = {
  sgd: (embeddingUpdate) => sgd({ embeddingUpdate }),
  momentum: (embeddingUpdate) => sgd({ momentum: 0.9, embeddingUpdate }),
  nesterov: (embeddingUpdate) => sgd({ momentum: 0.9, nesterov: true, embeddingUpdate }),
  adagrad: (embeddingUpdate) => adagrad({ initialAccumulator: 0.1, embeddingUpdate }),
  rowwise: (embeddingUpdate) => rowwiseAdagrad({ initialAccumulator: 0.1, embeddingUpdate }),
  adam: (embeddingUpdate) => adam({ embeddingUpdate }),
  adamw: (embeddingUpdate) => adamw({ weightDecay: 0.3, embeddingUpdate }),
  lion: (embeddingUpdate) => lion({ weightDecay: 0.3, embeddingUpdate }),
  rmsprop: (embeddingUpdate) => rmsprop({ embeddingUpdate }),
  ftrl: (embeddingUpdate) => ftrl({ l1: 0.1, l2: 0.2, embeddingUpdate }),
};

for (const [name, make] of Object.entries(OPTIMIZERS)) {
  Deno.test(`updateTable applies ${name}, lazy and dense, with L2, over several steps and shards`, async () => {
    const batches = (dim: number): Occurrences[] =>
      [1, 2, 3].map((seed) =>
        randomBatch({ batch: 40, fields: 3, dim, tableRows: 60, terms: ["dEmbedding", "dFm"], seed })
      );
    for (const update of ["lazy", "dense"] as const) {
      const run = { optimizer: make(update), l2: 0.05, tableRows: 60, lr: 0.05 };
      await compare({ ...run, batches: batches(6), shards: 3 }, `${update}, D 6`);
      await compare({ ...run, batches: batches(4) }, `${update}, D 4`);
    }
  });
}

/** Strengths of L2 by row; some rows have none. */
const strengthsOf = (rows: number): Float64Array => Float64Array.from({ length: rows }, (_, row) => row % 4 / 8);

for (const [name, make] of Object.entries(OPTIMIZERS)) {
  Deno.test(`updateTable adds L2 by row under ${name}, once to rows of the batch and not to others`, async () => {
    const tableRows = 60;
    const shape = { batch: 40, rows: 37, fields: 4, dim: 6, tableRows, terms: ["dEmbedding", "dFm"] as const };
    // A row that fills a field and half of another one, rows that come once or twice, and rows that never do.
    const batches = [1, 2, 3].map((seed) =>
      randomBatch({ ...shape, seed, id: (o) => o < 60 ? 7 : (o * (seed + 4)) % 45 })
    );
    for (const update of ["lazy", "dense"] as const) {
      const run = { optimizer: make(update), rowL2: strengthsOf(tableRows), tableRows, lr: 0.05, batches };
      await compare({ ...run, shards: 3 }, `${update}, L2 by row`);
      await compare({ ...run, l2: 0.05 }, `${update}, L2 by row beside that of all`);
    }
  });
}

/** Coupled L2 by row; some rows have none, and some are frozen. */
const coupledOf = (rows: number): Float64Array => Float64Array.from({ length: rows }, (_, row) => row % 5 / 8 - 1 / 8);

for (const [name, make] of Object.entries(OPTIMIZERS)) {
  Deno.test(`updateTable pulls each row by its own L2 under ${name}, and leaves frozen rows and their state`, async () => {
    const tableRows = 60;
    const shape = { batch: 40, rows: 37, fields: 4, dim: 6, tableRows, terms: ["dEmbedding", "dFm"] as const };
    const batches = [1, 2, 3].map((seed) =>
      randomBatch({ ...shape, seed, id: (o) => o < 60 ? 7 : o < 70 ? 5 : (o * (seed + 4)) % 45 })
    );
    const rowStrength = coupledOf(tableRows);
    for (const update of ["lazy", "dense"] as const) {
      const run = { optimizer: make(update), l2: 9, rowStrength, tableRows, lr: 0.05, batches, shards: 3 };
      await compare(run, `${update}, coupled L2 by row`);
      await compare({ ...run, rowL2: strengthsOf(tableRows) }, `${update}, L2 by row beside it`);
      const first = firstWeights(tableRows, 6);
      for (const more of [{}, { clip: 0.5 }, { rowL2: strengthsOf(tableRows) }]) {
        const { weights } = await runTable({ ...run, ...more });
        rowStrength.forEach((strength, row) => {
          if (strength >= 0) return;
          const [from, to] = [6 * row, 6 * (row + 1)];
          assertEquals(weights.slice(from, to), Float32Array.from(first.slice(from, to)), `row ${row}`);
        });
      }
    }
  });
}

Deno.test("L2 by row fits devices that bind eight buffers, and hardware", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const narrow = new Gpu(await adapter!.requestDevice());
  await loadKernels(narrow);
  const devices = [narrow, await hardware()];
  for (const dim of [1, 6]) {
    for (const terms of [["values", "dEmbedding", "dFm"], ["values", "dEmbedding"], ["dFm"]] as const) {
      const batch = randomBatch({ batch: 200, fields: 5, dim, tableRows: 40, terms });
      for (const embeddingUpdate of ["lazy", "dense"] as const) {
        const run = { optimizer: adam({ embeddingUpdate }), rowL2: strengthsOf(40), tableRows: 40, shards: 2 };
        for (const device of devices) {
          const label = `${embeddingUpdate}, D ${dim}, ${terms}`;
          await compare({ ...run, batches: [batch, batch], device }, label);
          await compare({ ...run, rowStrength: coupledOf(40), batches: [batch, batch], device }, label);
        }
      }
    }
  }
  for (const { device } of devices) device.destroy();
});

Deno.test("updateTable matches the row-sparse steps of PyTorch", async () => {
  const { table0, table0_shape: [tableRows, dim], rows, row_grads, optimizers } = golden.sparse;
  const cases: [keyof typeof optimizers, Optimizer][] = [
    ["sparse_adam", adam()],
    ["adagrad_sparse", adagrad({ eps: 1e-10 })],
    ["sgd_sparse", sgd()],
  ];
  const batches = rows.map((ids, i): Occurrences => ({
    batch: 1,
    rows: 1,
    fields: ids.length,
    dim,
    ids: Uint32Array.from(ids),
    dEmbedding: Float64Array.from(row_grads[i].flat()),
  }));
  for (const [name, optimizer] of cases) {
    const { settings: { lr }, after_each_step } = optimizers[name];
    for (let steps = 1; steps <= batches.length; steps++) {
      const weights = Float64Array.from(table0.flat());
      const run = { optimizer, lr, tableRows, weights, batches: batches.slice(0, steps) };
      const result = await runTable(run);
      assertClose(result.weights, after_each_step[steps - 1].flat(), `${name}, step ${steps}`, { rtol: 2e-5, atol: 0 });
    }
  }
});

Deno.test("updateTable gives the same bytes twice", async () => {
  for (const embeddingUpdate of ["lazy", "dense"] as const) {
    const batch = randomBatch({
      batch: 200,
      fields: 6,
      dim: 10,
      tableRows: 30,
      terms: ["values", "dEmbedding", "dFm"],
    });
    const run = { optimizer: adam({ embeddingUpdate }), l2: 0.01, tableRows: 30, batches: [batch, batch] };
    assertEquals((await runTable(run)).bytes, (await runTable(run)).bytes);
  }
});

Deno.test("updateTable gives the same bytes whatever the number of shards", async () => {
  const batch = randomBatch({ batch: 60, fields: 4, dim: 4, tableRows: 50, terms: ["dEmbedding", "dFm"] });
  const run = { optimizer: adam(), tableRows: 50, batches: [batch, batch] };
  assertEquals((await runTable(run)).weights, (await runTable({ ...run, shards: 7 })).weights);
});

Deno.test("updateTable refuses gradients that do not fit the table", () => {
  const graph = new Graph("train");
  const table = graph.table("items", 9, 4, zeros());
  const ids = graph.input("ids", [3, "B"], "u32");
  const pairs = graph.input("pairs", ["B", 6], "u32");
  const options = { optimizer: sgd(), l2: 0 };
  const update = (gradient: Record<string, unknown>, more = {}): void =>
    updateTable(table, { ids, ...gradient }, pairs, { ...options, ...more });
  assertThrows(
    () => update({ dEmbedding: graph.input("d", ["B", 3, 5]) }),
    TypeError,
    'Cannot update table "items": dEmbedding must have shape [B, 3, 4], received [B, 3, 5]',
  );
  const dSum = graph.input("dSum", ["B", 1]);
  assertThrows(() => update({ dFm: dSum }), TypeError, "the FM term needs both its gradient and the sum over fields");
  assertThrows(() => update({ dLinear: dSum }), TypeError, "a sum over fields needs width 1, received 4");
  assertThrows(() => update({}, { clip: dSum }), TypeError, "a clipped update needs the reduced gradient");
});
