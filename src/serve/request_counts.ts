/**
 * Scores and values of requests, counted without a call for each of them, and told when Prometheus asks.
 *
 * @module
 */
import type { Counter, Metric, Registry } from "npm:prom-client@15.1.3";
import type { Dataset } from "../data/dataset.ts";
import type { RequestSuccess, ServedModel } from "./served_model.ts";

/** Bounds of scores. */
const BOUNDS = Float64Array.from({ length: 20 }, (_, i) => (i + 1) / 20);

/** What is counted of the values of a field. */
const KINDS = ["read", "missing", "unseen", "outside"] as const;

/** Histogram of the scores of a task: each bin has those above the bound before it, up to its own. */
class ScoreCounts {
  readonly bins: Float64Array = new Float64Array(BOUNDS.length + 1);
  sum = 0;

  add(scores: Float32Array): void {
    let sum = this.sum;
    for (let row = 0; row < scores.length; row++) {
      const score = scores[row];
      let bin = 0;
      while (bin < BOUNDS.length && score > BOUNDS[bin]) bin++;
      this.bins[bin]++;
      sum += score;
    }
    this.sum = sum;
  }
}

/** Counts of one version of a model. */
interface ModelCounts {
  readonly labels: Readonly<Record<string, string>>;
  readonly scores: Map<string, ScoreCounts>;
  readonly values: Map<string, Float64Array>;
}

/** Counts scores by task, and values by field. */
export class RequestCounts {
  // What was counted of a version stays when another model takes its place.
  readonly #models = new Map<string, ModelCounts>();
  readonly #known = new WeakMap<ServedModel, ModelCounts>();

  /** Counts the rows of a request. */
  add(model: ServedModel, { data, scores }: Pick<RequestSuccess, "data" | "scores">): void {
    const counts = this.#countsOf(model);
    model.tasks.forEach((task, t) => {
      let own = counts.scores.get(task);
      if (!own) counts.scores.set(task, own = new ScoreCounts());
      own.add(scores[t].scores);
    });
    this.#addValues(counts.values, data);
  }

  #addValues(values: Map<string, Float64Array>, { coverage = [] }: Dataset): void {
    for (const { name, rows, missing, unseen, outside } of coverage) {
      let own = values.get(name);
      if (!own) values.set(name, own = new Float64Array(KINDS.length));
      own[0] += rows;
      own[1] += missing;
      own[2] += unseen;
      own[3] += outside;
    }
  }

  #countsOf(model: ServedModel): ModelCounts {
    let counts = this.#known.get(model);
    if (counts) return counts;
    const { name, version } = model;
    const key = JSON.stringify([name, version]);
    counts = this.#models.get(key) ?? { labels: { model: name, version }, scores: new Map(), values: new Map() };
    this.#models.set(key, counts);
    this.#known.set(model, counts);
    return counts;
  }

  /** Adds what was counted to a registry. */
  describe(CounterOf: typeof Counter, registry: Registry): void {
    const scores = {
      ...{ name: "weft_score", help: "Scores, by task", type: "histogram", aggregator: "sum" },
      get: () => Promise.resolve({ ...scores, values: this.#describeScores() }),
      reset: () => {
        for (const model of this.#models.values()) model.scores.clear();
      },
    };
    // The library has no histogram that takes counts; what it reads of one are its name and what `get` returns.
    registry.registerMetric(scores as unknown as Metric);
    const models = this.#models;
    new CounterOf({
      name: "weft_values_total",
      help: "Values of fields: all (read), and those that are missing, unseen in training or outside of its range",
      labelNames: ["model", "version", "field", "kind"],
      registers: [registry],
      collect() {
        this.reset();
        for (const { labels, values } of models.values()) {
          for (const [field, counts] of values) {
            KINDS.forEach((kind, k) => counts[k] > 0 && this.inc({ ...labels, field, kind }, counts[k]));
          }
        }
      },
    });
  }

  #describeScores(): unknown[] {
    const values: unknown[] = [];
    for (const model of this.#models.values()) {
      for (const [task, { bins, sum }] of model.scores) {
        const labels = { ...model.labels, task };
        let count = 0;
        bins.forEach((rows, bin) => {
          count += rows;
          const le = bin < BOUNDS.length ? BOUNDS[bin] : "+Inf";
          values.push({ metricName: "weft_score_bucket", labels: { le, ...labels }, value: count });
        });
        values.push({ metricName: "weft_score_sum", labels, value: sum });
        values.push({ metricName: "weft_score_count", labels, value: count });
      }
    }
    return values;
  }
}
