import { models } from "../models/mod.ts";
import type { PlanDescription } from "../src/graph/plan.ts";
import { assert, assertEquals } from "@std/assert";
import { describeStep } from "./training_plan.ts";

/** Criteo's shape, with an average vocabulary of a million rows in all. */
const SIZES = { fields: 39, batch: 4096, fieldRows: 25_000 };

/** Most dispatches of a training step on a GPU, where that is not {@linkcode OTHERS}. */
const BOUNDS: Readonly<Record<string, number>> = {
  lr: 18,
  fm: 20,
  deepfm: 38,
  dcn: 44,
  dcnv2: 52,
  fibinet: 60,
  autoint: 44,
  afn: 60,
  xdeepfm: 71,
  dcn_mix: 112,
  fgcnn: 120,
  edcn: 133,
};

/** Most dispatches of all other models. */
const OTHERS = 100;

/** Longest chain of dispatches that wait for one another, of a model whose step must be short. */
const DEEPFM_CHAIN = 24;

/** Describes a model's step, its deep network having three layers of 400 where it has one. */
function describe(slug: string): Promise<PlanDescription> {
  const options = { dim: 16, hidden: [400, 400, 400] };
  // Logistic regression has no embeddings.
  return describeStep(models[slug](slug === "lr" ? {} : options), SIZES);
}

for (const slug of Object.keys(models)) {
  const most = BOUNDS[slug] ?? OTHERS;
  Deno.test(`a training step of ${slug} on a GPU takes at most ${most} dispatches`, async () => {
    const { dispatches, labels, longestChain } = await describe(slug);
    assert(dispatches <= most, `${dispatches} dispatches: ${labels.join(", ")}`);
    assert(longestChain <= dispatches);
  });
}

Deno.test(`at most ${DEEPFM_CHAIN} dispatches of a step of deepfm wait for one another`, async () => {
  const { longestChain } = await describe("deepfm");
  assert(longestChain <= DEEPFM_CHAIN, `${longestChain} dispatches`);
});

Deno.test("a training step on a GPU has the same dispatches each time it is compiled", async () => {
  assertEquals(await describe("afn"), await describe("afn"));
});
