/** Exported files, and models with several outputs, calibration, values, or ops of their own. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { models } from "../../models/mod.ts";
import type { Definition } from "../../src/definition.ts";
import { Dataset } from "../../src/data/dataset.ts";
import { FittedSchema } from "../../src/data/fitted_schema.ts";
import { apply, type Op } from "../../src/graph/node.ts";
import { exportOnnx, type OnnxOptions } from "../../src/interchange/onnx/export.ts";
import { defineModel, exponential, linear } from "../../src/layers/mod.ts";
import { Model } from "../../src/model.ts";
import { drawDataset, schemaOf } from "../datasets.ts";
import { inFolder } from "../folder.ts";
import { drawCreatives } from "../survival_data.ts";
import { gpu, randomArray } from "../support.ts";
import { assertScores, drawParameters, inputsOf, runSession, scoresOf, tensorOf, withSession } from "./onnx_run.ts";
import { type Fields, messagesOf, readMessage, textsOf } from "./onnx_wire.ts";

const SIZES = { dim: 4, hidden: [6], tower: [4] };
const schema = schemaOf([5, 4, 6]);
const data = drawDataset(schema, 7, 3);

async function withModel(
  factory: (options: Record<string, unknown>) => Definition,
  own: FittedSchema,
  body: (model: Model) => Promise<void>,
  options: Record<string, unknown> = {},
): Promise<void> {
  await using model = await Model.create(factory({ ...SIZES, ...options }), own, { device: await gpu() });
  await drawParameters(model);
  await body(model);
}

async function compare(model: Model, rows: Dataset, options: OnnxOptions = {}): Promise<void> {
  const expected = await scoresOf(model, rows);
  await withSession(model, options, async (session) => {
    assertScores(await runSession(session, inputsOf(rows)), expected, rows.schema.tasks);
  });
}

for (const slug of ["mmoe", "ple", "esmm", "aitm", "shared_bottom"]) {
  Deno.test(`each task of ${slug} has outputs of its own`, async () => {
    const own = schemaOf([5, 4, 6], undefined, ["click", "buy"]);
    const labels = new Float32Array(2 * data.rows);
    const rows = new Dataset({
      schema: own,
      rows: data.rows,
      ids: data.ids,
      values: undefined,
      labels,
      labeled: false,
    });
    await withModel(models[slug], own, (model) => compare(model, rows));
  });
}

Deno.test("hazards of intervals have outputs by the names of the intervals", async () => {
  const { data: creatives } = drawCreatives(40, 1);
  for (const slug of ["survival", "dnn"]) {
    await withModel(models[slug], creatives.schema, (model) => compare(model, creatives.slice(0, 9)));
  }
});

Deno.test("probabilities are calibrated in the graph, and logits are not", async () => {
  const labels = Float32Array.from(randomArray(300, 8), (value) => value > 0.2 ? 1 : 0);
  const { ids, rows } = drawDataset(schema, labels.length, 9);
  const labeled = new Dataset({ schema, rows, ids, values: undefined, labels, labeled: true });
  for (
    const options of [{}, { by: "f0", minRows: 10 }, { method: "isotonic" }, {
      method: "isotonic",
      by: "f2",
      minRows: 10,
    }] as const
  ) {
    await withModel(models.fm, schema, async (model) => {
      await model.calibrate(labeled, options);
      await compare(model, data);
    });
  }
});

Deno.test("values that occurrences of a name carry are an input beside it", async () => {
  const weighted = new FittedSchema({
    ...{ declared: { label: "label" }, missing: [""] },
    fields: schema.fields.map((field, f) => ({ ...field, weighted: f === 1 })),
  });
  const values = new Float32Array(data.ids.length).fill(1);
  values.set([0.5, -2, 0, 1, 3, 0.25, 1], data.rows);
  const rows = new Dataset({ ...data, schema: weighted, ids: data.ids, values, labels: data.labels, labeled: true });
  for (const slug of ["lr", "fm", "ffm"]) {
    await withModel(models[slug], weighted, async (model) => {
      const expected = await scoresOf(model, rows);
      await withSession(model, {}, async (session) => {
        const f1_value = tensorOf("float32", [...values.subarray(7, 14)], [7, 1]);
        assertScores(await runSession(session, { ...inputsOf(rows), f1_value }), expected, ["label"]);
      });
    }, { instanceNorm: true });
  }
});

Deno.test("a graph takes batches of any size", () =>
  withModel(models.deepfm, schema, async (model) => {
    await compare(model, data.slice(2, 3));
    await compare(model, data);
  }));

const exponentialModel = defineModel("exponential_model", (x) => exponential(linear(x)));

Deno.test("models of one's own are exported where their ops are", () =>
  withModel(exponentialModel, schema, (model) => compare(model, data)));

const strangeOp: Op<null> = { name: "strange_op", outputs: ([x]) => [x.shape], emit: () => {}, backward: () => [] };
const strange = defineModel("strange", (x) => apply(strangeOp, [linear(x)], null));

Deno.test("an op without a translation is named, and no file is written", () =>
  inFolder(async (folder) => {
    await withModel(strange, schema, async (model) => {
      await assertRejects(
        () => exportOnnx(model, `${folder}/strange.onnx`),
        TypeError,
        "Cannot export strange to ONNX: all ops must have a translation, received strange_op",
      );
    });
    assertEquals(Array.from(Deno.readDirSync(folder)), []);
  }));

Deno.test("numbers that are not finite are refused", () =>
  inFolder((folder) =>
    withModel(models.lr, schema, async (model) => {
      model.setParameters({ "linear.bias": { shape: [1], data: Float32Array.of(Infinity) } });
      await assertRejects(() => exportOnnx(model, `${folder}/lr.onnx`), RangeError, '/lr.onnx": ');
    })
  ));

/** Reads places of external tensors: their entries by key. */
function placesOf(graph: Fields): Record<string, string>[] {
  return messagesOf(graph, 5).map((tensor) =>
    Object.fromEntries(
      messagesOf(tensor, 13).map((entry) => [textsOf(entry, 1)[0], textsOf(entry, 2)[0]]),
    )
  ).filter((entries) => Object.keys(entries).length > 0);
}

Deno.test("parameters apart are aligned, and their file has the digest that the model states", () =>
  withModel(models.deepfm, schema, async (model) => {
    const expected = await scoresOf(model, data);
    await withSession(model, { externalData: true }, async (session, [path, dataPath, vocabularyPath]) => {
      assertScores(await runSession(session, inputsOf(data)), expected, schema.tasks);
      assertEquals([dataPath, vocabularyPath], [`${path}.data`, path.replace("model.onnx", "vocabulary.json")]);
      const bytes = await Deno.readFile(dataPath);
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-1", bytes)).toHex();
      const places = placesOf(messagesOf(readMessage(await Deno.readFile(path)), 7)[0]);
      const tensors = Object.values(await model.parameters());
      assertEquals(places.length, tensors.length);
      for (const { location, offset, length, checksum } of places) {
        assertEquals([location, Number(offset) % 4096, checksum], ["model.onnx.data", 0, digest]);
        assert(tensors.some(({ data }) => data.byteLength === Number(length)), `${length} bytes`);
      }
    });
  }));

Deno.test("a file states its format, its operators and the model", () =>
  inFolder((folder) =>
    withModel(models.fm, schema, async (model) => {
      const [path, vocabularyPath] = await exportOnnx(model, `${folder}/fm.onnx`, { strings: true });
      const file = readMessage(await Deno.readFile(path));
      assertEquals([file.get(1), textsOf(file, 2)], [[8n], ["weft"]]);
      const opsets = messagesOf(file, 8).map((opset) => [textsOf(opset, 1)[0], opset.get(2)![0]]);
      assertEquals(opsets, [["", 17n], ["ai.onnx.ml", 3n]]);
      const metadata = messagesOf(file, 14).map((entry) => [textsOf(entry, 1)[0], textsOf(entry, 2)[0]]);
      assertEquals(metadata[0], ["weft.model", "fm"]);
      assertEquals(metadata[2], ["weft.schema", await schema.fingerprint()]);
      const vocabulary = JSON.parse(await Deno.readTextFile(vocabularyPath));
      assertEquals(vocabulary.fields.f1.values, { "1": 1, "2": 2, "3": 3 });
    })
  ));
