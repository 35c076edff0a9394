import { models } from "../../models/mod.ts";
import { readRows } from "../../src/data/rows.ts";
import { categorical, numeric } from "../../src/data/schema.ts";
import { Model } from "../../src/model.ts";
import type { ServeOptions } from "../../src/serve/options.ts";
import { epsilonGreedy, plackettLuce, type Ranker } from "../../src/serve/ranking.ts";
import { serve } from "../../src/serve/server.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { gpu } from "../support.ts";

const LOGITS = [0.5, -1, 2, 0.5];
const scored = (top = LOGITS.length, logits = LOGITS) => ({
  ...{ context: {}, candidates: logits.map((_, item) => ({ item })), top },
  ...{ logits: Float32Array.from(logits), scores: Float32Array.from(logits, (x) => 1 / (1 + Math.exp(-x))) },
});

const close = (actual: number, expected: number, within: number, label = "") =>
  assert(Math.abs(actual - expected) <= within, `${label}: expected ${expected}, received ${actual}`);

/** Probability of an order by the definition of Plackett and Luce. */
function listProbability(order: readonly number[], temperature: number): number {
  const weight = (i: number) => Math.exp(LOGITS[i] / temperature);
  return order.reduce((product, index, place) => {
    return product * weight(index) / order.slice(place).reduce((sum, other) => sum + weight(other), 0);
  }, 1);
}

/** Counts how often each order comes, and checks that it always has the same propensities. */
function countOrders(
  rankerOf: (seed: number) => Ranker,
  seeds: number,
): Map<string, { count: number; product: number }> {
  const orders = new Map<string, { count: number; product: number }>();
  for (let seed = 0; seed < seeds; seed++) {
    const ranked = rankerOf(seed)(scored());
    const key = ranked.map(({ index }) => index).join();
    const product = ranked.reduce((all, { propensity }) => all * propensity!, 1);
    const before = orders.get(key);
    if (before) close(product, before.product, 1e-12);
    orders.set(key, { count: (before?.count ?? 0) + 1, product });
  }
  return orders;
}

Deno.test("Plackett and Luce's orders come as often as their propensities say", () => {
  const [seeds, temperature] = [20_000, 1.5];
  const orders = countOrders((seed) => plackettLuce(temperature, seed), seeds);
  assertEquals(orders.size, 24);
  close([...orders.values()].reduce((sum, { product }) => sum + product, 0), 1, 1e-6);
  for (const [key, { count, product }] of orders) {
    close(product, listProbability(key.split(",").map(Number), temperature), 1e-6, key);
    close(count / seeds, product, 5 * Math.sqrt(product / seeds), key);
  }
});

Deno.test("epsilon-greedy's orders come as often as their propensities say", () => {
  const [seeds, epsilon] = [20_000, 0.4];
  const orders = countOrders((seed) => epsilonGreedy(epsilon, seed), seeds);
  close([...orders.values()].reduce((sum, { product }) => sum + product, 0), 1, 1e-12);
  for (const [key, { count, product }] of orders) close(count / seeds, product, 5 * Math.sqrt(product / seeds), key);
  // Of equal logits the first counts as the best.
  close(orders.get("2,0,3,1")!.product, (0.6 + 0.4 / 4) * (0.6 + 0.4 / 3) * (0.6 + 0.4 / 2), 1e-12);
});

Deno.test("orders repeat with their seed, hold each candidate once, and go to their limits", () => {
  const orderOf = (ranker: Ranker, top?: number) => ranker(scored(top)).map(({ index }) => index);
  for (const ranker of [plackettLuce(1, 7), epsilonGreedy(0.5, 7)]) {
    assertEquals(orderOf(ranker), orderOf(ranker));
    assertEquals(orderOf(ranker).sort(), [0, 1, 2, 3]);
    assertEquals(orderOf(ranker, 2), orderOf(ranker).slice(0, 2));
  }
  assertEquals(orderOf(epsilonGreedy(0, 7)), [2, 0, 3, 1]);
  assertEquals(epsilonGreedy(0, 7)(scored()).map(({ propensity }) => propensity), [1, 1, 1, 1]);
  assertEquals(epsilonGreedy(1, 7)(scored()).map(({ propensity }) => propensity), [1 / 4, 1 / 3, 1 / 2, 1]);
  // Weights far beyond what exp holds.
  const cold = plackettLuce(1e-3, 7)(scored(4, [1, 3, 2, -4]));
  assertEquals(cold.map(({ index, propensity }) => [index, propensity]), [[1, 1], [2, 1], [0, 1], [3, 1]]);
});

const rows = Array.from({ length: 12 }, (_, r) => ({ item: r % 4, position: 1 + r % 3, price: r / 4, click: r % 2 }));
const data = readRows(rows, {
  label: "click",
  features: [categorical("item"), categorical("position"), numeric("price")],
});
const candidates = [0, 1, 2, 3].map((item) => ({ item, price: item / 2 }));

type Rank = (body: unknown) => Promise<{ status: number; body: Record<string, unknown> & { results: unknown[] } }>;

async function withRanking(options: ServeOptions, test: (rank: Rank, model: Model) => Promise<void>): Promise<void> {
  await using model = await Model.create(models.deepfm({ dim: 4, hidden: [4] }), data.schema, { device: await gpu() });
  await model.fit(data, { epochs: 5, batchSize: 4 });
  await using server = await serve(model, { port: 0, batchSizes: [4], processor: "never", ...options });
  await test(async (body) => {
    const response = await fetch(`${server.url}/v1/rank`, { method: "POST", body: JSON.stringify(body) });
    return { status: response.status, body: await response.json() };
  }, model);
}

Deno.test("a request explores, with propensities and the seed that repeats it", async () => {
  await withRanking({}, async (rank, model) => {
    const request = { context: { position: 1 }, candidates };
    const logits = await model.predict(readRows(candidates.map((row) => ({ ...row, position: 1 })), data.schema));
    const drawn = await rank({ ...request, explore: { kind: "plackett_luce", temperature: 0.5 } });
    assertEquals([drawn.status, drawn.body.results.length], [200, 4]);
    const { explore, results } = drawn.body as { explore: { seed: number }; results: Record<string, number>[] };
    for (const { index, score } of results) assertEquals(score, logits[index]);
    const again = await rank({ ...request, explore: { kind: "plackett_luce", temperature: 0.5, seed: explore.seed } });
    assertEquals(again, drawn);
    const greedy = await rank({ ...request, top: 2, explore: { kind: "epsilon_greedy", epsilon: 0, seed: 1 } });
    const plain = await rank({ ...request, top: 2 });
    const withPropensity = plain.body.results.map((result) => ({ ...result as object, propensity: 1 }));
    assertEquals(greedy.body.results, withPropensity);
    for (
      const [explore, message] of [
        [{ kind: "softmax" }, 'kind must be "epsilon_greedy" or "plackett_luce", received "softmax"'],
        [{ kind: "epsilon_greedy", epsilon: 2 }, "epsilon must be 0 to 1, received 2"],
        [{ kind: "plackett_luce", temperature: 0 }, "temperature must be above 0, received 0"],
        [{ kind: "plackett_luce", epsilon: 0 }, 'keys of explore are kind, temperature, seed, received "epsilon"'],
        [{ kind: "plackett_luce", temperature: 1, seed: -1 }, "seed must be an integer in [0, 2^32), received -1"],
        [7, "explore must be an object"],
      ] as const
    ) {
      const refused = await rank({ ...request, explore });
      assertStringIncludes(`${refused.body.error}`, message);
      assertEquals(refused.status, 400);
    }
  });
});

Deno.test("a function of code orders candidates by scores, candidates and context", async () => {
  const errors: unknown[] = [];
  const ranker: Ranker = ({ context, candidates, logits, top }) => {
    if (context.position === 3) return [{ index: 9 }];
    assertEquals([logits.length, top], [4, 3]);
    return candidates.map((_, index) => ({ index })).reverse();
  };
  await withRanking({ ranker, onError: (error) => errors.push(error) }, async (rank) => {
    const { body } = await rank({ context: { position: 1 }, candidates, top: 3 });
    assertEquals((body.results as { index: number }[]).map(({ index }) => index), [3, 2, 1]);
    assertEquals((await rank({ context: { position: 3 }, candidates })).status, 500);
    assertStringIncludes(`${errors[0]}`, "must name each of 0 to 3 at most once, received 9");
  });
});

Deno.test("a constant takes the place of a column, whatever a request says of it", async () => {
  await withRanking({ constants: { position: 2 } }, async (rank, model) => {
    const scores = await model.predict(readRows(candidates.map((row) => ({ ...row, position: 2 })), data.schema));
    for (const context of [{}, { position: 1 }, { position: 3 }]) {
      const { body } = await rank({ context, candidates });
      for (const { index, score } of body.results as { index: number; score: number }[]) {
        assertEquals(score, scores[index]);
      }
    }
  });
  await assertRejects(
    () => withRanking({ constants: { place: 1 } }, () => Promise.resolve()),
    RangeError,
    'received "place"',
  );
  await assertRejects(
    () => withRanking({ constants: { price: "high" } }, () => Promise.resolve()),
    RangeError,
    "constants must fit their columns",
  );
});
