import { assert, assertEquals, assertRejects } from "@std/assert";
import { dcn, deepfm, dnn } from "../../models/mod.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric, sequence } from "../../src/data/schema.ts";
import { exportSafetensors, importSafetensors } from "../../src/interchange/model.ts";
import { readSafetensors, writeSafetensors } from "../../src/interchange/safetensors.ts";
import { formatVocabulary } from "../../src/interchange/vocabulary.ts";
import { Model } from "../../src/model.ts";
import { drawDataset, schemaOf } from "../datasets.ts";
import { inFolder } from "../folder.ts";
import { gpu } from "../support.ts";

Deno.test("exported tensors make a fresh model predict the same bytes", () =>
  inFolder(async (folder) => {
    const device = await gpu();
    const schema = schemaOf([4, 7, 3]);
    const data = drawDataset(schema, 40, 3);
    for (const definition of [deepfm({ dim: 3, hidden: [5] }), dnn({ dim: 4, hidden: [6], batchNorm: true })]) {
      const path = `${folder}/${definition.name}.safetensors`;
      await using trained = await Model.create(definition, schema, { device, seed: 1 });
      await trained.fit(data, { epochs: 2, batchSize: 16 });
      assertEquals(await exportSafetensors(trained, path), [path, `${folder}/vocabulary.json`]);
      await using fresh = await Model.create(definition, schema, { device, seed: 2 });
      const before = await fresh.predict(data);
      await importSafetensors(fresh, path);
      assertEquals(await fresh.predict(data), await trained.predict(data));
      assert(before.some((p, i) => p !== before[0] || i === 0));
      const { metadata, tensors } = await readSafetensors(path);
      assertEquals(metadata["weft.model"], definition.name);
      assertEquals(Object.keys(tensors).sort(), Object.keys(await trained.parameters()).sort());
    }
  }));

Deno.test("importSafetensors lists missing, unexpected and mismatched tensors, and leaves the model as it was", () =>
  inFolder(async (folder) => {
    const device = await gpu();
    const schema = schemaOf([4, 7]);
    const path = `${folder}/x.safetensors`;
    await using model = await Model.create(dcn({ dim: 2, layers: 1, hidden: [3] }), schema, { device });
    const before = await model.parameters();
    const { embedding, "top.bias": bias, ...others } = before;
    await writeSafetensors(path, {
      ...others,
      embedding: { shape: [2, 11], data: embedding.data },
      "top.beta": bias,
      "cross.bias": { shape: [1, 4], data: new Int32Array(4) },
    });
    const error = await assertRejects(() => importSafetensors(model, path), TypeError);
    assertEquals(error.message.split("\n"), [
      `Cannot import "${path}": tensors must be the model's`,
      '  1 missing: "top.bias" [1]',
      '  1 unexpected: "top.beta" [1]',
      '  1 of another shape: "embedding" [11, 2], received [2,11]',
      '  1 not of floats: "cross.bias", received Int32Array',
    ]);
    await writeSafetensors(path, { ...before, "top.bias": { shape: [1], data: Float32Array.of(NaN) } });
    await assertRejects(
      () => importSafetensors(model, path),
      RangeError,
      '"top.bias" must be finite, received NaN at [0]',
    );
    assertEquals(await model.parameters(), before);
    const wide = { shape: [1], data: Float64Array.of(0.1) };
    await writeSafetensors(path, { ...before, "top.bias": wide });
    await importSafetensors(model, path);
    assertEquals((await model.parameters())["top.bias"].data, Float32Array.of(0.1));
  }));

Deno.test("importSafetensors refuses tensors of a model with other vocabularies", () =>
  inFolder(async (folder) => {
    const device = await gpu();
    const path = `${folder}/x.safetensors`;
    await using model = await Model.create(dnn({ dim: 2, hidden: [3] }), schemaOf([4, 7]), { device });
    await using other = await Model.create(dnn({ dim: 2, hidden: [3] }), schemaOf([7, 4]), { device });
    await exportSafetensors(other, path);
    await assertRejects(() => importSafetensors(model, path), TypeError, "it must be of schema");
  }));

Deno.test("formatVocabulary names the rows of all kinds of fields", () => {
  const features = [
    categorical("user"),
    numeric("age", { buckets: 2 }),
    numeric("price", { scale: "standard" }),
    sequence("clicked", { of: "user", maxLength: 3 }),
    sequence("tags", { maxLength: 2, combiner: "sum" }),
  ];
  const row = (
    click: number,
    user: string | null,
    age: number,
    price: number | null,
    clicked: string,
    tags: string,
  ) => ({
    ...{ click, user, age, price, clicked, tags },
  });
  const data = readRows(
    [
      row(1, "u2", 10, 3, "u1|u2", "a|b"),
      row(0, "u1", 30, 5, "u2", "b"),
      row(1, "u2", 50, null, "", '"'),
      row(0, null, 70, 4, "", ""),
    ],
    { label: "click", features },
  );
  const vocabulary = JSON.parse([...formatVocabulary(data.schema)].join(""));
  assertEquals(vocabulary.format, "weft.vocabulary");
  assertEquals(vocabulary.rows, data.schema.rowCount);
  const { user, age, price } = vocabulary.fields;
  assertEquals(user, {
    ...{ kind: "categorical", offset: 0, rows: 4, reserved: { unseen: 0, missing: 1 } },
    values: { u2: 2, u1: 3 },
  });
  assertEquals(age, { kind: "bucketed", offset: 4, rows: 3, reserved: { unseen: 0 }, edges: age.edges, first: 1 });
  assertEquals(price.reserved, { missing: 1 });
  assertEquals([price.kind, price.offset, price.rows, price.scaling.center], ["numeric", 7, 2, 4]);
  assertEquals(vocabulary.sequences.clicked, { of: "user", maxLength: 3 });
  assertEquals(vocabulary.sequences.tags, {
    ...{ combiner: "sum", maxLength: 2, offset: 9, rows: 4, reserved: { unseen: 0 } },
    values: { b: 1, '"': 2, a: 3 },
  });
});
