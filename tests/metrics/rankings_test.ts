import { rankingMetrics, type RankingOptions } from "../../src/metrics.ts";
import { randomU32 } from "../../src/data/random.ts";
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";

/** All orders of a list. */
function* orders<T>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) yield [];
  for (let i = 0; i < items.length; i++) {
    for (const rest of orders([...items.slice(0, i), ...items.slice(i + 1)])) yield [items[i], ...rest];
  }
}

/** Metrics of one ranking without ties, by their definitions. */
function byDefinition(relevances: readonly number[], k: number, { relevantFrom = 1, gain }: RankingOptions) {
  const isRelevant = relevances.map((r) => r >= relevantFrom);
  const all = isRelevant.filter(Boolean).length;
  const found = (places: number): number => isRelevant.slice(0, places).filter(Boolean).length;
  const dcg = (list: readonly number[]): number =>
    list.slice(0, k).reduce((sum, r, i) => sum + (gain === "exponential" ? 2 ** r - 1 : r) / Math.log2(i + 2), 0);
  const precisions = isRelevant.map((relevant, i) => relevant && i < k ? found(i + 1) / (i + 1) : 0);
  return {
    mrr: 1 / (isRelevant.indexOf(true) + 1),
    [`ndcg@${k}`]: dcg(relevances) / dcg([...relevances].sort((a, b) => b - a)),
    [`map@${k}`]: precisions.reduce((sum, x) => sum + x, 0) / Math.min(all, k),
    [`hitRate@${k}`]: Number(found(k) > 0),
    [`precision@${k}`]: found(k) / k,
    [`recall@${k}`]: found(k) / all,
  };
}

/** Mean over all orders of the rows of equal scores. */
function byOrders(scores: readonly number[], relevances: readonly number[], k: number, options: RankingOptions) {
  const sums: Record<string, number> = {};
  let count = 0;
  for (const order of orders(scores.map((_, row) => row))) {
    if (order.some((row, i) => i > 0 && scores[row] > scores[order[i - 1]])) continue;
    count++;
    const values = byDefinition(order.map((row) => relevances[row]), k, options);
    for (const [name, value] of Object.entries(values)) sums[name] = (sums[name] ?? 0) + value;
  }
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / count]));
}

Deno.test("each metric at k is its mean over all orders of tied rows", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const rows = 2 + seed % 5;
    const draw = (counter: number, below: number) => (_: unknown, row: number) => randomU32(seed, counter, row) % below;
    const scores = Array.from({ length: rows }, draw(1, 3));
    const relevances = Array.from({ length: rows }, draw(2, 4)).map((r, row) => row === 0 ? 3 : r);
    for (const options of [{}, { relevantFrom: 3 }, { gain: "exponential" as const }]) {
      for (const k of [1, 2, 3, 10]) {
        const { metrics } = rankingMetrics(scores, relevances, new Uint8Array(rows), { k: [k], ...options });
        for (const [name, value] of Object.entries(byOrders(scores, relevances, k, options))) {
          assertAlmostEquals(metrics[name as keyof typeof metrics], value, 1e-12, `seed ${seed} ${name}`);
        }
      }
    }
  }
});

Deno.test("metrics are means over users, those without a relevant row left out", () => {
  const users = ["a", "b", "a", "c", "b", "a"];
  const scores = [0.9, 0.2, 0.8, 0.5, 0.7, 0.1];
  const relevances = [0, 1, 1, 0, 0, 1];
  const { metrics, groups, withoutRelevant } = rankingMetrics(scores, relevances, users, { k: [1, 2] });
  assertEquals([groups, withoutRelevant], [3, 1]);
  const { mrr, "recall@2": recall, "hitRate@1": hits, "precision@2": precision, "map@2": map } = metrics;
  assertEquals([mrr, recall, hits, precision, map], [0.5, 0.75, 0, 0.5, (1 / 4 + 1 / 2) / 2]);
  const none = rankingMetrics([1, 2], [0, 0], ["a", "b"], { k: [1] });
  assertEquals([none.metrics.mrr, none.metrics["ndcg@1"], none.withoutRelevant], [NaN, NaN, 2]);
});

Deno.test("rankings refuse what cannot be ranked", () => {
  assertThrows(() => rankingMetrics([1], [-1], ["a"]), RangeError, "not negative, received -1 at row 0");
  assertThrows(() => rankingMetrics([NaN], [1], ["a"]), RangeError, "scores must be numbers, received NaN at row 0");
  assertThrows(
    () => rankingMetrics([1], [1], ["a"], { k: [0] }),
    RangeError,
    "k must be positive integers, received 0",
  );
  assertThrows(() => rankingMetrics([1, 2], [1], ["a"]), TypeError, "relevances must be of 2 rows, received 1");
  assertThrows(() => rankingMetrics([], [], []), RangeError, "at least one row is needed, received 0");
});
