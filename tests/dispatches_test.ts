import { afn } from "../models/afn.ts";
import { models, star } from "../models/mod.ts";
import { assert, assertEquals } from "@std/assert";
import { CRITEO, describeModel, describeStep } from "./training_plan.ts";

/** Most dispatches of a training step on a GPU, where that is not {@linkcode OTHERS}. */
const BOUNDS: Readonly<Record<string, number>> = {
  lr: 18,
  fm: 20,
  deepfm: 38,
  dcn: 44,
  dcnv2: 52,
  fibinet: 59,
  autoint: 42,
  afn: 53,
  xdeepfm: 50,
  dcn_mix: 96,
  fgcnn: 120,
  edcn: 78,
  din: 60,
  dmr: 115,
  dmin: 157,
  transact: 100,
  hstu: 75,
  wukong: 130,
  fignn: 111,
  dcnv3: 106,
  dien: 65,
  sim: 105,
  rankmixer: 77,
  onetrans: 212,
  longer: 133,
  mirrn: 101,
  dsin: 121,
  m2m: 126,
};

/** Most dispatches of all other models. */
const OTHERS = 100;

/** Longest chain of dispatches that wait for one another, of a model whose step must be short. */
const DEEPFM_CHAIN = 24;

for (const slug of Object.keys(models)) {
  const most = BOUNDS[slug] ?? OTHERS;
  Deno.test(`a training step of ${slug} on a GPU takes at most ${most} dispatches`, async () => {
    const { dispatches, labels, longestChain } = await describeModel(slug);
    assert(dispatches <= most, `${dispatches} dispatches: ${labels.join(", ")}`);
    assert(longestChain <= dispatches);
  });
}

Deno.test(`at most ${DEEPFM_CHAIN} dispatches of a step of deepfm wait for one another`, async () => {
  const { longestChain } = await describeModel("deepfm");
  assert(longestChain <= DEEPFM_CHAIN, `${longestChain} dispatches`);
});

Deno.test("a training step of afn with 1,500 neurons on a GPU takes as many dispatches as one with fewer", async () => {
  const definition = afn({ dim: 16, neurons: 1500, hidden: [400, 400, 400] });
  const { dispatches, labels } = await describeStep(definition, CRITEO);
  assert(dispatches <= BOUNDS.afn, `${dispatches} dispatches: ${labels.join(", ")}`);
});

Deno.test("a training step of star with eight domains on a GPU takes at most 60 dispatches", async () => {
  const definition = star({ dim: 16, hidden: [400, 400, 400], domain: "C1" });
  const { dispatches, labels } = await describeStep(definition, { ...CRITEO, fieldRows: 8 });
  assert(dispatches <= 60, `${dispatches} dispatches: ${labels.join(", ")}`);
});

Deno.test("a training step on a GPU has the same dispatches each time it is compiled", async () => {
  assertEquals(await describeModel("afn"), await describeModel("afn"));
});
