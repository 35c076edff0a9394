import { autoint, deepfm, din, fm, lr, ppnet } from "../../models/mod.ts";
import type { CheckpointTensor } from "../../src/checkpoint.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric, type Schema, sequence } from "../../src/data/schema.ts";
import type { Definition } from "../../src/definition.ts";
import { schemaRows } from "../../src/graph/row_spans.ts";
import { Model } from "../../src/model.ts";
import { sgd } from "../../src/optimizer.ts";
import { declarationsOf } from "../../src/report/measure/tables.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { inFolder } from "../folder.ts";
import { assertClose, gpu, randomArray } from "../support.ts";

/** Columns of all kinds: fields, a history along another, a sequence with rows of its own, and pooled ones. */
const SCHEMA: Schema = {
  label: "click",
  features: [
    categorical("user"),
    numeric("price"),
    categorical("item"),
    categorical("shop"),
    sequence("items", { of: "item", maxLength: 4 }),
    sequence("shops", { of: "shop", along: "items", maxLength: 4 }),
    sequence("words", { combiner: "mean", maxLength: 3, weights: ":" }),
    sequence("seen", { of: "item", combiner: "max", maxLength: 3 }),
  ],
};

const list = (r: number, most: number, name: string): string =>
  Array.from({ length: r % (most + 1) }, (_, i) => `${name}${(r * 7 + i * 3) % 6}`).join("|");

const data = readRows(
  Array.from({ length: 61 }, (_, r) => ({
    ...{ click: r % 3 === 0 ? 1 : 0, user: `u${(r * 5) % 9}`, price: r / 40, item: `i${(r * 3) % 6}` },
    ...{ shop: `s${r % 6}`, items: list(r, 4, "i"), shops: list(r, 4, "s"), seen: list(r + 1, 3, "i") },
    words: Array.from({ length: r % 4 }, (_, i) => `w${(r + i) % 5}:${1 + i / 2}`).join("|"),
  })),
  SCHEMA,
);

/** Narrower and wider than the model's 4, and as wide. */
const DIMS = { user: 2, item: 3, shop: 6, words: 2, price: 4 };

type Tensors = Record<string, CheckpointTensor>;

const numbersOf = ({ data }: CheckpointTensor): Float32Array => data as Float32Array;

/** Draws numbers of all parameters. */
async function drawn(definition: Definition, rows: Dataset): Promise<Model> {
  const model = await Model.create(definition, rows.schema, { seed: 3, device: await gpu() });
  const names = Object.entries(await model.parameters());
  model.setParameters(Object.fromEntries(names.map(([name, { shape, data }], i) => {
    const sign = name.endsWith("variance") ? Math.abs : (x: number): number => x;
    return [name, { shape, data: Float32Array.from(randomArray(data.length, i + 1), (x) => sign(x) / 2) }];
  })));
  return model;
}

/** Row t of the schema with its matrix P `[d, D]`, where it has one, in each table of a model with widths by field. */
function rowsOf(model: Model, tensors: Tensors): Map<string, { t: Float32Array; projection?: string }[]> {
  const { fields, sequences } = model.schema;
  const owners = [...fields, ...sequences.filter(({ target }) => target === undefined)];
  const found = new Map<string, { t: Float32Array; projection?: string }[]>();
  for (const table of declarationsOf(model).tables.values()) {
    if (table.dim === 1) continue;
    const base = table.name.replace(/\.\d+$/, "");
    const rows = found.get(base) ?? [];
    found.set(base, rows);
    schemaRows(table).forEach((row, at) => {
      const { name } = owners.find(({ offset, rows }) => row >= offset && row < offset + rows)!;
      const projection = `${base}.projection.${name}`;
      const t = numbersOf(tensors[table.name]).subarray(at * table.dim, (at + 1) * table.dim);
      rows[row] = { t, ...(projection in tensors && { projection }) };
    });
  }
  return found;
}

/** Returns t P. */
function multiply(t: Float32Array, matrix: Float32Array): number[] {
  const width = matrix.length / t.length;
  return Array.from({ length: width }, (_, d) => t.reduce((sum, x, i) => sum + x * matrix[i * width + d], 0));
}

/** Returns the numbers of a model of one width whose rows are the products of the other's. */
function widened(model: Model, tensors: Tensors): Tensors {
  const found = rowsOf(model, tensors);
  const others = Object.entries(tensors).filter(([name]) => !/^embedding(\.|$)/.test(name));
  const tables = [...found].map(([name, rows]): [string, CheckpointTensor] => {
    const wide = rows.map(({ t, projection }) => projection ? multiply(t, numbersOf(tensors[projection])) : [...t]);
    return [name, { shape: [wide.length, wide[0].length], data: Float32Array.from(wide.flat()) }];
  });
  return Object.fromEntries([...others, ...tables]);
}

const STEP = {
  ...{ batchSize: 64, epochs: 1, shuffle: false, unseenShare: 0, initialBias: "keep" as const },
  optimizer: sgd({ lr: 0.5 }),
};

const MODELS: [string, Definition, Definition][] = ([
  ["deepfm", deepfm, { hidden: [8] }],
  ["autoint", autoint, { layers: 1, heads: 2, headDim: 2 }],
  ["din", din, { hidden: [8], attention: [5] }],
] as const).map(([name, model, options]) => {
  const make = model as (options: object) => Definition;
  return [name, make({ dim: 4, ...options }), make({ dim: 4, ...options, dims: DIMS })];
});

for (const [name, plain, mixed] of MODELS) {
  Deno.test(`${name} with widths by field is ${name} on projected rows, and so is a step of training`, async () => {
    await using model = await drawn(mixed, data);
    await using wide = await drawn(plain, data);
    const before = await model.parameters();
    assertEquals(before["embedding.2"].shape[1], 2);
    const projected = widened(model, before);
    wide.setParameters(projected);
    assertClose(await model.predict(data), Float64Array.from(await wide.predict(data)), "probabilities", {
      rtol: 2e-5,
    });
    await model.fit(data, STEP);
    await wide.fit(data, STEP);
    const [after, wideAfter] = [await model.parameters(), await wide.parameters()];
    // The gradient by a row e = t P gives those by t and by P.
    const rows = rowsOf(model, before).get("embedding")!;
    const moved = rowsOf(model, after).get("embedding")!;
    const gained = new Map<string, Float64Array>();
    rows.forEach(({ t, projection }, row) => {
      const [from, to] = [projected, wideAfter].map(({ embedding }) =>
        numbersOf(embedding).subarray(4 * row, 4 * row + 4)
      );
      const de = Float64Array.from(to, (x, d) => x - from[d]);
      const matrix = projection ? numbersOf(before[projection]) : undefined;
      const dt = Float64Array.from(
        t,
        (_, i) => matrix ? de.reduce((sum, g, d) => sum + g * matrix[4 * i + d], 0) : de[i],
      );
      assertClose(moved[row].t.map((x, i) => x - t[i]), dt, `row ${row}`, { rtol: 1e-3, atol: 2e-6 });
      if (!projection) return;
      const sum = gained.get(projection) ?? new Float64Array(4 * t.length);
      gained.set(projection, sum.map((x, at) => x + t[Math.floor(at / 4)] * de[at % 4]));
    });
    assertEquals(gained.size, 4);
    for (const [projection, expected] of gained) {
      const step = numbersOf(after[projection]).map((x, i) => x - numbersOf(before[projection])[i]);
      assertClose(step, expected, projection, { rtol: 1e-3, atol: 2e-6 });
    }
  });
}

Deno.test("widths hold for each table of embeddings, are saved with the model, and ones of the model change nothing", async () => {
  const definition = ppnet({ dim: 4, hidden: [6], priorDim: 3, priors: ["item", "user"], dims: { user: 2 } });
  await using model = await Model.create(definition, data.schema, { device: await gpu() });
  const shapes = Object.fromEntries(Object.entries(await model.parameters()).map(([name, { shape }]) => [name, shape]));
  const user = data.schema.fields[0].rows;
  assertEquals(shapes["embedding.2"], [user, 2]);
  assertEquals(shapes["gate_embedding.2"], [user, 2]);
  assertEquals(shapes["gate_embedding.projection.user"], [2, 3]);
  await inFolder(async (folder) => {
    await model.save(`${folder}/model.weft`);
    await using loaded = await Model.load(`${folder}/model.weft`, ppnet, { device: await gpu() });
    assertEquals(await loaded.predict(data), await model.predict(data));
  });
  await using same = await Model.create(fm({ dim: 4, dims: { user: 4 } }), data.schema, { device: await gpu() });
  await using plain = await Model.create(fm({ dim: 4 }), data.schema, { device: await gpu() });
  assertEquals(Object.keys(await same.parameters()), Object.keys(await plain.parameters()));
});

Deno.test("widths of no field, of none, and of a model without embeddings are refused", async () => {
  const refuse = async (definition: Definition, kind: typeof TypeError | typeof RangeError, message: string) => {
    await assertRejects(
      async () => await Model.create(definition, data.schema, { device: await gpu() }),
      kind,
      message,
    );
  };
  await refuse(
    fm({ dims: { users: 4 } }),
    RangeError,
    'Cannot build fm: dims must name fields with rows of their own ("user", "price", "item", "shop", "words"), received "users"',
  );
  await refuse(fm({ dims: { items: 4 } }), RangeError, 'received "items"');
  await refuse(fm({ dims: { seen: 4 } }), RangeError, 'received "seen"');
  await refuse(fm({ dims: { user: 0 } }), RangeError, "dims.user must be a positive integer, received 0");
  await refuse(fm({ dims: 4 as never }), TypeError, "dims must be widths by field, received 4");
  await refuse(lr({ dims: { user: 4 } }), TypeError, "Cannot build lr: dims are of embeddings");
});

Deno.test("a table of a width is declared once for all traces", () => {
  const model = fm({ dim: 4, dims: { user: 2, shop: 2 } });
  const tables = declarationsOf({ definition: model, schema: data.schema, seed: 1 }).tables;
  assertEquals([...tables.keys()], ["embedding.2", "embedding", "linear"]);
});
