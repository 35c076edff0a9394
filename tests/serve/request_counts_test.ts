import { assertEquals } from "@std/assert";
import { Counter, Histogram, Registry } from "npm:prom-client@15.1.3";
import type { Dataset } from "../../src/data/dataset.ts";
import { randomUnit } from "../../src/data/random.ts";
import { RequestCounts } from "../../src/serve/request_counts.ts";
import type { ServedModel } from "../../src/serve/served_model.ts";

/** A model as far as it is counted. */
const model = (name: string, version: string, tasks: string[]) => ({ name, version, tasks }) as unknown as ServedModel;

const requestOf = (seed: number, rows: number, tasks: number) => {
  const scores = Array.from({ length: tasks }, (_, task) => {
    // Bounds themselves, which belong to the bin below them, are among the scores.
    const drawn = Float32Array.from({ length: rows }, (_, row) => {
      const unit = randomUnit(seed, task, row);
      return row % 5 === 0 ? Math.floor(20 * unit) / 20 : unit;
    });
    return { scores: drawn, logits: drawn };
  });
  const coverage = [
    { name: "user", rows, missing: seed % 2, unseen: seed, outside: 0 },
    { name: "price", rows: 2 * rows, missing: 0, unseen: 0, outside: 1 },
  ];
  return { data: { coverage } as unknown as Dataset, scores };
};

Deno.test("scores and values are told as if each of them had been observed", async () => {
  const [registry, expected] = [new Registry(), new Registry()];
  const counts = new RequestCounts();
  counts.describe(Counter, registry);
  const histogram = new Histogram({
    ...{ name: "weft_score", help: "Scores, by task", labelNames: ["model", "version", "task"] },
    ...{ buckets: Array.from({ length: 20 }, (_, i) => (i + 1) / 20), registers: [expected] },
  });
  const counter = new Counter({
    name: "weft_values_total",
    help: "Values of fields: all (read), and those that are missing, unseen in training or outside of its range",
    labelNames: ["model", "version", "field", "kind"],
    registers: [expected],
  });
  const models = [model("m", "1", ["click"]), model("m", "2", ["click", "buy"]), model("m", "1", ["click"])];
  for (let seed = 0; seed < 9; seed++) {
    const one = models[seed % 3];
    const request = requestOf(seed, 1 + 40 * seed, one.tasks.length);
    counts.add(one, request);
    const labels = { model: one.name, version: one.version };
    one.tasks.forEach((task, t) => {
      for (const score of request.scores[t].scores) histogram.observe({ ...labels, task }, score);
    });
    for (const { name: field, rows, missing, unseen, outside } of request.data.coverage!) {
      for (const [kind, count] of Object.entries({ read: rows, missing, unseen, outside })) {
        if (count > 0) counter.inc({ ...labels, field, kind }, count);
      }
    }
  }
  const lines = async (registry: Registry) => (await registry.metrics()).split("\n").map(sortLabels).sort();
  assertEquals(await lines(registry), await lines(expected));
});

/** Puts the labels of a line into an order: none is prescribed. */
function sortLabels(line: string): string {
  return line.replace(/\{(.*)\}/, (_, labels) => `{${labels.split(",").sort()}}`);
}
