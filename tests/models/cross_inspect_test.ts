import { dcn, dcnMix, dcnv2, edcn, finalmlp, gdcn, masknet } from "../../models/mod.ts";
import { Dataset } from "../../src/data/dataset.ts";
import type { Definition } from "../../src/definition.ts";
import { Model } from "../../src/model.ts";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { schemaOf } from "../datasets.ts";
import { gpu } from "../support.ts";

const FIELDS = 3;
const ROWS = 5;
const DIM = 4;
const WIDTH = FIELDS * DIM;

const schema = schemaOf([3, 3, 3]);

const data = new Dataset({
  schema,
  rows: ROWS,
  ids: Uint32Array.from({ length: FIELDS * ROWS }, (_, i) => 3 * Math.floor(i / ROWS) + i % 3),
  values: undefined,
  labels: new Float32Array(ROWS),
  labeled: true,
});

async function inspect(definition: Definition) {
  await using model = await Model.create(definition, schema, { device: await gpu() });
  return await model.inspect(data);
}

const hidden = [6];

Deno.test("cross weights and gates can be read by name", async () => {
  const shapes = async (definition: Definition): Promise<Record<string, readonly number[]>> =>
    Object.fromEntries(Object.entries(await inspect(definition)).map(([name, { shape }]) => [name, shape]));
  assertEquals(await shapes(dcn({ dim: DIM, layers: 2, hidden })), { cross_weights: [2, WIDTH] });
  assertEquals(await shapes(dcnv2({ dim: DIM, layers: 2, hidden })), {
    "cross_weights.0": [WIDTH, WIDTH],
    "cross_weights.1": [WIDTH, WIDTH],
  });
  assertEquals(await shapes(dcnMix({ dim: DIM, layers: 1, hidden, experts: 3, rank: 2 })), {
    "cross_gates.0": [ROWS, 3],
  });
  assertEquals(await shapes(finalmlp({ dim: DIM, hidden1: hidden, hidden2: hidden, context1: ["f1"] })), {
    "gate1.gate": [ROWS, WIDTH],
    "gate2.gate": [1, WIDTH],
  });
  assertEquals(await shapes(masknet({ dim: DIM, hidden, blocks: 2, width: 4 })), {
    "mask.mask": [ROWS, WIDTH],
    "mask_1.mask": [ROWS, WIDTH],
  });
});

Deno.test("gates that are read lie where their formula puts them", async () => {
  const { "cross_gates.0": gates } = await inspect(gdcn({ dim: DIM, layers: 1, hidden }));
  assert(Array.from(gates.data as Float32Array).every((gate) => gate > 0 && gate < 1));
  const regulation = await inspect(edcn({ dim: DIM, layers: 1 }));
  assertEquals(Object.keys(regulation), ["regulation.0.cross.gate", "regulation.0.deep.gate"]);
  for (const { data } of Object.values(regulation)) {
    for (const gate of data as Float32Array) assertAlmostEquals(gate, 1 / FIELDS, 1e-6);
  }
});
