/**
 * What a server tells Prometheus about rollouts.
 *
 * @module
 */
import type { Registry } from "npm:prom-client@15.1.3";
import type { Comparison } from "./comparison.ts";
import type { Service } from "./service.ts";

type Library = typeof import("npm:prom-client@15.1.3");

/** Counts of a shadow by what became of a copy of a request. */
const OUTCOMES: Readonly<Record<string, (comparison: Comparison) => number>> = {
  compared: ({ requests }) => requests,
  dropped: ({ dropped }) => dropped,
  failed: ({ errors }) => errors,
};

const SHADOW = ["model", "version"];

/** Calls `tell` for each shadow that there is. */
function eachShadow(service: Service, tell: (labels: Record<string, string>, comparison: Comparison) => void): void {
  for (const model of new Set(service.models.map(({ name }) => name))) {
    const { shadow } = service.rolloutOf(model);
    if (shadow) tell({ model, version: shadow.version }, shadow.comparison);
  }
}

/** Adds the metrics of rollouts. They begin anew with each shadow. */
export function addRolloutMetrics({ Gauge }: Library, service: Service, registers: Registry[]): void {
  const gauge = (
    name: string,
    help: string,
    more: readonly string[],
    read: (comparison: Comparison, set: (value: number, labels?: Record<string, string>) => void) => void,
  ) =>
    new Gauge({
      ...{ name, help, labelNames: [...SHADOW, ...more], registers },
      collect() {
        this.reset();
        eachShadow(service, (labels, comparison) => {
          read(comparison, (value, own = {}) => this.set({ ...labels, ...own }, value));
        });
      },
    });
  gauge("weft_shadow_requests", "Copies of requests: compared, dropped or failed", ["outcome"], (comparison, set) => {
    for (const [outcome, count] of Object.entries(OUTCOMES)) set(count(comparison), { outcome });
  });
  gauge("weft_shadow_rows", "Rows that were compared", [], ({ rows }, set) => set(rows));
  gauge("weft_shadow_score_difference", "Mean of |live - shadow| of scores", ["task"], ({ differences }, set) => {
    for (const [task, { meanAbsoluteDifference }] of differences) set(meanAbsoluteDifference, { task });
  });
  gauge("weft_shadow_score_correlation", "Correlation of scores", ["task"], ({ differences }, set) => {
    for (const [task, { correlation }] of differences) if (correlation !== null) set(correlation, { task });
  });
  gauge("weft_shadow_changed_top_ratio", "Share of rankings with another first candidate", [], (comparison, set) => {
    if (comparison.rankings > 0) set(comparison.changedTops / comparison.rankings);
  });
  gauge("weft_shadow_seconds", "Mean time of the shadow's answers", [], ({ requests, ms }, set) => {
    if (requests > 0) set(ms / requests / 1000);
  });
  new Gauge({
    ...{ name: "weft_rollout_share", help: "Share of requests that a version answers", registers },
    labelNames: [...SHADOW, "part"],
    collect() {
      this.reset();
      for (const model of new Set(service.models.map(({ name }) => name))) {
        const { canary } = service.rolloutOf(model);
        this.set({ model, version: service.find(model).version, part: "live" }, 1 - (canary?.share ?? 0));
        if (canary) this.set({ model, version: canary.version, part: "canary" }, canary.share);
      }
    },
  });
}
