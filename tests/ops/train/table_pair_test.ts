import { Gpu } from "../../../src/gpu/device.ts";
import { workOf } from "../../../src/gpu/profile.ts";
import { loadKernels } from "../../../src/kernels/load.ts";
import { kernelsOf } from "../../../src/kernels/set.ts";
import { adagrad, adam, ftrl, lamb, type Optimizer, rowwiseAdagrad, sgd, tableSlots } from "../../../src/optimizer.ts";
import { assert, assertEquals } from "@std/assert";
import { type Occurrences, type TableState, updateTableReference } from "../../reference/table_update.ts";
import { assertClose } from "../../support.ts";
import { type BatchOptions, firstWeights, randomBatch, runTablePair, type TableRun } from "../table_support.ts";

const opened = new Map<string, Promise<Gpu>>();

/** Returns a device on the processor that binds as many buffers as the adapter offers. */
function generous(): Promise<Gpu> {
  return once("generous", async () => {
    const device = await Gpu.request((await navigator.gpu.requestAdapter())!);
    addEventListener("unload", () => device.destroy());
    return device;
  });
}

/** Returns that device with the kernels of a name. */
function deviceWith(kernels: string): Promise<Gpu> {
  return once(kernels, async () => {
    const { device, profile } = await generous();
    const named = new Gpu(device, { ...profile, kind: "software", work: workOf("software") });
    await loadKernels(named);
    kernelsOf(named).override = kernels;
    return named;
  });
}

function once(name: string, open: () => Promise<Gpu>): Promise<Gpu> {
  const device = opened.get(name) ?? open();
  opened.set(name, device);
  return device;
}

const TERMS = ["values", "dEmbedding", "dFm", "dLinear"] as const;

/**
 * Runs the same steps in one pass, in two and in float64. The kernels are those for the processor, whose driver computes
 * each product and sum as it is written, so that the two must have the same bytes there; others fuse some.
 */
async function compare(run: TableRun, label: string): Promise<void> {
  const together = await runTablePair({ ...run, device: await deviceWith("together") });
  const apart = await runTablePair({ ...run, device: await deviceWith("apart") });
  assert(Object.values(together.kernels).includes("together"), `${label}: ${JSON.stringify(together.kernels)}`);
  assert(!Object.values(apart.kernels).includes("together"), label);
  const isExact = (await generous()).profile.kind === "software";
  for (const name of ["embedding", "linear"] as const) {
    const [one, two] = [together[name], apart[name]];
    if (isExact) assertEquals(one.bytes, two.bytes, `${label}, ${name}: bytes`);
    else assertClose(one.weights, two.weights, `${label}, ${name}: weights of both`, { rtol: 1e-6 });
  }
  const { optimizer, l2 = 0, l1, clipValue, lr = 0.1, tableRows, batches } = run;
  const embedding = batches.map((batch): Occurrences => ({ ...batch, dLinear: undefined }));
  const linear = batches.map(({ batch, rows, fields, ids, values, dLinear }): Occurrences => (
    { batch, rows, fields, dim: 1, ids, values, dLinear }
  ));
  for (const [name, parts] of Object.entries({ embedding, linear })) {
    const { dim } = parts[0];
    const states = tableSlots(optimizer).map(({ initial }) => new Float64Array(tableRows * dim).fill(initial));
    const state: TableState = { weights: firstWeights(tableRows, dim), states };
    parts.forEach((batch, i) => updateTableReference(batch, state, { optimizer, l2, l1, clipValue, lr, t: i + 1 }));
    const { weights, states: computed } = together[name as "embedding" | "linear"];
    assertClose(weights, state.weights, `${label}, ${name}: weights`, { rtol: 2e-5 });
    states.forEach((expected, i) => assertClose(computed[i], expected, `${label}, ${name}: state`, { rtol: 2e-5 }));
  }
}

const OPTIMIZERS: Record<string, Optimizer> = {
  sgd: sgd(),
  momentum: sgd({ momentum: 0.9 }),
  adagrad: adagrad({ initialAccumulator: 0.1 }),
  adam: adam(),
  ftrl: ftrl({ l1: 0.1, l2: 0.2 }),
  lamb: lamb({ minNorm: 0.5 }),
};

for (const [name, optimizer] of Object.entries(OPTIMIZERS)) {
  Deno.test(`one pass over embeddings and first-order weights applies ${name} as two passes do`, async () => {
    for (const dim of name === "adam" ? [4, 6, 17, 40] : [4, 10]) {
      const batches = [1, 2, 3].map((seed) =>
        randomBatch({ batch: 40, fields: 3, dim, tableRows: 60, terms: TERMS, seed, rows: seed === 3 ? 25 : 40 })
      );
      await compare({ optimizer, l2: 0.05, lr: 0.05, tableRows: 60, batches }, `D ${dim}`);
    }
  });
}

Deno.test("one pass limits gradients and draws weights to 0 as two passes do", async () => {
  const batches = [1, 2].map((seed) =>
    randomBatch({ batch: 40, fields: 3, dim: 6, tableRows: 60, terms: TERMS, seed })
  );
  await compare({ optimizer: adam(), lr: 0.05, l1: 1, clipValue: 0.2, tableRows: 60, batches }, "L1 and limits");
});

Deno.test("one pass sums runs of any length as two passes do, with and without each term", async () => {
  const shape = { batch: 500, fields: 4, dim: 8, tableRows: 2000 };
  const check = (options: Partial<BatchOptions>, label: string): Promise<void> => {
    const batch = randomBatch({ ...shape, terms: TERMS, ...options });
    return compare({ optimizer: adam(), lr: 0.01, tableRows: 2000, batches: [batch] }, label);
  };
  await check({ id: () => 7 }, "all on one row");
  await check({ id: (o) => (o * 7) % 2000 }, "all distinct");
  await check({ id: (o) => Math.floor(o / 32) }, "runs that fill chunks");
  await check({ id: (o) => Math.floor((o + 77) / 300) }, "runs that cross several chunks");
  await check({ rows: 0 }, "no rows");
  await check({ terms: ["dEmbedding", "dLinear"] }, "no FM, no values");
  await check({ terms: ["dFm", "dLinear"] }, "FM alone");
});

Deno.test("tables are updated apart where one pass cannot be: shards, numbers by row, dense updates, few buffers", async () => {
  const batches = [randomBatch({ batch: 40, fields: 3, dim: 4, tableRows: 60, terms: TERMS })];
  const run = { optimizer: adam(), tableRows: 60, batches };
  const named = async (more: Partial<TableRun>): Promise<string[]> => {
    const { kernels } = await runTablePair({ ...run, device: await deviceWith("together"), ...more });
    return Object.values(kernels);
  };
  assert((await named({})).includes("together"));
  assert(!(await named({ shards: 3 })).includes("together"));
  assert(!(await named({ optimizer: rowwiseAdagrad() })).includes("together"));
  assert(!(await named({ rowL2: new Float64Array(60).fill(0.1) })).includes("together"));
  assert(!(await named({ optimizer: adam({ embeddingUpdate: "dense" }) })).includes("together"));
  const { device, profile } = await generous();
  const limits = { ...profile.limits, storageBuffers: 8 };
  const scarce = new Gpu(device, { ...profile, limits, kind: "software", work: workOf("software") });
  await loadKernels(scarce);
  assert(!(await named({ device: scarce })).includes("together"));
  const lean = [randomBatch({ batch: 40, fields: 3, dim: 4, tableRows: 60, terms: ["dEmbedding", "dFm", "dLinear"] })];
  const fitting = { device: scarce, optimizer: sgd(), batches: lean };
  assert((await named(fitting)).includes("together"), "descent without state binds eight buffers");
});
