import { deepfm, din } from "../../models/mod.ts";
import type { CheckpointTensor } from "../../src/checkpoint.ts";
import { countRows } from "../../src/data/row_counts.ts";
import { Model } from "../../src/model.ts";
import { adam, ftrl, sgd } from "../../src/optimizer.ts";
import type { FitOptions } from "../../src/trainer/options.ts";
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { drawDataset, schemaOf, withHistory } from "../datasets.ts";
import { inFolder } from "../folder.ts";
import { assertClose, gpu, randomArray } from "../support.ts";
import { watch } from "../watched.ts";

const data = drawDataset(schemaOf([40, 9, 6]), 90, 1);
const [first, second] = data.schema.fields.map(({ name }) => name);
const definition = deepfm({ dim: 4, hidden: [8] });

type Tensors = Record<string, CheckpointTensor>;

/** Trains from embeddings of any size, and returns the parameters before and after. */
async function train(options: FitOptions, rows = data, model = definition): Promise<[Tensors, Tensors]> {
  await using created = await Model.create(model, rows.schema, { seed: 3, device: await gpu() });
  const before = await created.parameters();
  for (const name of ["embedding", "linear"].filter((name) => before[name])) {
    const { shape } = before[name];
    before[name] = { shape, data: Float32Array.from(randomArray(shape[0] * shape[1], 4)) };
    created.setParameters({ [name]: before[name] });
  }
  await created.fit(rows, { shuffle: false, unseenShare: 0, initialBias: "keep", ...options });
  return [before, await created.parameters()];
}

const numbers = ({ data }: CheckpointTensor): Float32Array => data as Float32Array;

Deno.test("a step pulls the rows of a field by its own L2, and all others by that of embeddings", async () => {
  const lr = 0.5;
  const byField = { [first]: 0.8, [second]: 0 };
  const touched = countRows(data);
  const strengthOf = (row: number): number => {
    const field = data.schema.fields.find(({ offset, rows }) => row >= offset && row < offset + rows)!;
    return byField[field.name] ?? 0.1;
  };
  for (const embeddingUpdate of ["lazy", "dense"] as const) {
    const options = { batchSize: 90, epochs: 1, optimizer: sgd({ lr, embeddingUpdate }) };
    const [before, plain] = await train(options);
    const [, held] = await train({ ...options, l2: { embedding: 0.1, byField } });
    for (const [name, width] of [["embedding", 4], ["linear", 1]] as const) {
      const weights = numbers(before[name]);
      const expected = numbers(plain[name]).map((after, i) => {
        const row = Math.floor(i / width);
        const pulled = embeddingUpdate === "dense" || touched[row] > 0;
        return after - (pulled ? lr * strengthOf(row) * weights[i] : 0);
      });
      assertClose(numbers(held[name]), expected, `${embeddingUpdate} ${name}`, { rtol: 2e-6, atol: 1e-7 });
    }
    for (const name of Object.keys(plain).filter((name) => !["embedding", "linear"].includes(name))) {
      assertEquals(held[name], plain[name], name);
    }
  }
});

Deno.test("one L2 for all fields is that of embeddings, whatever the update", async () => {
  const byField = Object.fromEntries(data.schema.fields.map(({ name }) => [name, 0.05]));
  for (const optimizer of [adam(), adam({ embeddingUpdate: "dense" }), ftrl()]) {
    for (const clipNorm of [undefined, 0.3]) {
      const options = { optimizer, clipNorm, batchSize: 16, epochs: 2 };
      const [, all] = await train({ ...options, l2: { embedding: 0.05 } });
      const [, each] = await train({ ...options, l2: { byField } });
      for (const name of Object.keys(all)) assertClose(numbers(each[name]), numbers(all[name]), name, { rtol: 1e-5 });
    }
  }
});

Deno.test("sequences with vocabularies of their own have L2 of their own", async () => {
  const rows = drawDataset(withHistory(schemaOf([40, 9, 6])), 90, 1);
  const model = din({ dim: 4, hidden: [8], attention: [5] });
  const owners = [...rows.schema.fields, ...rows.schema.sequences.filter(({ target }) => target === undefined)];
  const last = owners.at(-1)!;
  const [, plain] = await train({ optimizer: sgd() }, rows, model);
  const [, held] = await train({ optimizer: sgd(), l2: { byField: { [last.name]: 0.9 } } }, rows, model);
  const changed = numbers(plain.embedding).findIndex((x, i) => x !== numbers(held.embedding)[i]);
  assert(changed >= 4 * last.offset && changed < 4 * (last.offset + last.rows), String(changed));
});

Deno.test("L2 by field gives the same bytes when sorted anywhere or resumed, and nothing is left on the device", () =>
  inFolder(async (folder) => {
    const path = `${folder}/run.weft`;
    const options = { batchSize: 16, l2: { byField: { [first]: 0.3 }, byCount: 0.1 }, epochs: 3 };
    const [, whole] = await train(options);
    for (const sort of ["host", "gpu"] as const) assertEquals((await train({ ...options, sort }))[1], whole);
    await train({ ...options, epochs: 1, checkpoint: { path } });
    assertEquals((await train({ ...options, resume: path }))[1], whole);
    await assertRejects(
      () => train({ ...options, l2: { byField: { [first]: 0.2 }, byCount: 0.1 }, resume: path }),
      TypeError,
      "Cannot resume: the checkpoint was trained with l2 ",
    );
    const { gpu: device, live } = await watch();
    await using model = await Model.create(definition, data.schema, { device });
    const before = live.size;
    await model.fit(data, options);
    assertEquals(live.size, before);
  }));

Deno.test("L2 of fields that are not there, or below 0, is refused", async () => {
  const refuse = (byField: Record<string, number>, message: string) =>
    assertRejects(() => train({ l2: { byField } }), RangeError, message);
  await refuse({ none: 1 }, `Cannot train: l2.byField must name fields with rows of their own ("${first}"`);
  await refuse({ [first]: -1 }, `Cannot train: l2.byField.${first} must be at least 0, received -1`);
  await refuse({ [first]: NaN }, `Cannot train: l2.byField.${first} must be at least 0, received NaN`);
});

Deno.test("frozen rows keep their bits under any update, in files, and refuse to be thawed by a resumption", () =>
  inFolder(async (folder) => {
    const path = `${folder}/run.weft`;
    const device = await gpu();
    for (const optimizer of [adam({ embeddingUpdate: "dense" }), ftrl(), sgd({ momentum: 0.9 })]) {
      await using model = await Model.create(definition, data.schema, { device });
      const frozen = new Set([3, 7, 20, 41]);
      const table = (await model.parameters()).embedding;
      model.freeze({ embedding: frozen });
      assertEquals(model.frozenRows, { embedding: 4 });
      const options = {
        optimizer,
        batchSize: 16,
        epochs: 2,
        l2: { embedding: 0.1 },
        clipNorm: 1,
        checkpoint: { path },
      };
      await model.fit(data, { ...options, epochs: 1 });
      await using loaded = await Model.load(path, deepfm, { device });
      assertEquals(loaded.frozenRows, { embedding: 4 });
      await loaded.fit(data, { ...options, resume: path });
      const after = (await loaded.parameters()).embedding;
      for (let row = 0; row < table.shape[0]; row++) {
        const [old, now] = [table, after].map(({ data }) => data.slice(4 * row, 4 * row + 4));
        if (frozen.has(row)) assertEquals(now, old, `row ${row}`);
        else if (countRows(data)[row] > 0) assertNotEquals(now, old, `row ${row}`);
      }
      await using other = await Model.create(definition, data.schema, { device });
      await assertRejects(
        () => other.fit(data, { ...options, resume: path }),
        TypeError,
        'Cannot resume: the checkpoint was trained with other frozen rows of "embedding"',
      );
    }
  }));
