/** ONNX Runtime computes for every model what the device computes. */
import { assertEquals } from "@std/assert";
import { models } from "../../models/mod.ts";
import { FittedSchema } from "../../src/data/fitted_schema.ts";
import { numeric } from "../../src/data/schema.ts";
import { translatedOps } from "../../src/interchange/onnx/ops/mod.ts";
import { Model } from "../../src/model.ts";
import { drawDataset, schemaOf, withHistory } from "../datasets.ts";
import { gpu } from "../support.ts";
import { assertScores, drawParameters, inputsOf, runSession, scoresOf, withSession } from "./onnx_run.ts";
import { SMALL, VARIANTS } from "./onnx_variants.ts";

const ROWS = 7;
const LONGEST = 7;

/** Names, numbers of which some are missing, and a history. */
const { fields: names, missing } = schemaOf(Array(4).fill(5));
const price = { feature: numeric("price"), missing: true, scaling: { scale: "none", center: 0, spread: 1 } } as const;
const fields = new FittedSchema({ declared: { label: "label" }, missing, fields: [...names, price] });
const schema = withHistory(fields, LONGEST);
const data = drawDataset(schema, ROWS, 11);

/** Models that have an op without a translation, and that op: none has. */
const REFUSED: Readonly<Record<string, string>> = {};

async function compareModel(slug: string, options: Record<string, unknown>): Promise<void> {
  await using model = await Model.create(models[slug]({ ...SMALL, ...options }), schema, { device: await gpu() });
  await drawParameters(model);
  const expected = await scoresOf(model, data);
  await withSession(model, {}, async (session) => {
    assertScores(await runSession(session, inputsOf(data)), expected, schema.tasks);
  });
}

for (const slug of Object.keys(models).filter((slug) => !Object.hasOwn(REFUSED, slug))) {
  Deno.test(`${slug} gives the same scores in ONNX Runtime`, () => compareModel(slug, {}));
}

for (const [slug, options] of VARIANTS) {
  Deno.test(`${slug} with ${JSON.stringify(options)} gives the same scores in ONNX Runtime`, () => {
    return compareModel(slug, options);
  });
}

Deno.test("translations are of ops that there are", async () => {
  const names = new Set<string>();
  const read = async (folder: URL): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (isDirectory) await read(new URL(`${name}/`, folder));
      else for (const [, op] of (await Deno.readTextFile(new URL(name, folder))).matchAll(/"(\w+)"/g)) names.add(op);
    }
  };
  await read(new URL("../../src/ops/", import.meta.url));
  assertEquals([...translatedOps()].filter((op) => !names.has(op)), []);
});
