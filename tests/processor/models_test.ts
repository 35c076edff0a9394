import { models } from "../../models/mod.ts";
import { Model } from "../../src/model.ts";
import { assertEquals } from "@std/assert";
import { drawDataset, schemaOf, withHistory } from "../datasets.ts";
import { gpu } from "../support.ts";
import { assertAgrees, randomize, scoreOnProcessor } from "./agreement.ts";

const OPTIONS = { dim: 4, hidden: [6, 4], hidden1: [6, 4], hidden2: [6, 4], layers: 2 };
const ROWS = 9;

const schema = withHistory(schemaOf(Array(4).fill(5)), 5);
const data = drawDataset(schema, ROWS, 11);

/** How far a model may be off, relative to its scores, that rounds numbers in over thirty layers one behind the other. */
const ROUGH: Readonly<Record<string, number>> = { onetrans: 3e-6 };

/** Models that the processor cannot compute, as the page on serving lists them. */
function documented(): string[] {
  const page = Deno.readTextFileSync(new URL("../../src/serve/README.md", import.meta.url));
  const [, list] = page.match(/stay on the device:((?:\s`\w+`[,.])+)/) ?? [];
  return [...(list ?? "").matchAll(/`(\w+)`/g)].map(([, name]) => name);
}

for (const slug of Object.keys(models)) {
  const isLeftOut = documented().includes(slug);
  const within = ROUGH[slug] ?? 1e-6;
  const claim = isLeftOut ? "has no form on the processor" : `on the processor agrees with the device to ${within}`;
  Deno.test(`${slug} ${claim}`, async () => {
    const definition = models[slug](OPTIONS);
    await using model = await Model.create(definition, schema, { device: await gpu() });
    const scores = scoreOnProcessor(definition, data, await randomize(model));
    assertEquals(scores === undefined, isLeftOut);
    if (!scores) return;
    await using scorer = await model.scorer({ batchSizes: [16] });
    assertAgrees(scores, await scorer.score(data), slug, within);
  });
}
