/**
 * Drift as Prometheus reads it.
 *
 * @module
 */
import type { DriftLevel, DriftMonitor, DriftReport } from "./drift.ts";
import type { Describe } from "./metrics.ts";
import type { Service } from "./service.ts";

type Labels = Readonly<Record<string, string>>;

/** Numbers of the levels; unknown ones have none. */
const LEVELS: Readonly<Record<DriftLevel, number>> = { unknown: NaN, green: 0, amber: 1, red: 2 };

/** Gauges by name: what they tell, their labels besides model and version, and their values. */
const GAUGES: Readonly<
  Record<string, readonly [help: string, labels: string[], values: (report: DriftReport) => [Labels, number][]]>
> = {
  weft_score_psi: [
    "Population stability index of scores against training",
    ["task"],
    ({ scores }) => scores.map(({ task, psi }) => [{ task }, psi]),
  ],
  weft_field_psi: [
    "Population stability index of fields against training",
    ["field"],
    ({ fields }) => fields.map(({ name, psi }) => [{ field: name }, psi]),
  ],
  weft_field_share: [
    "Shares of missing and unseen values of fields",
    ["field", "kind"],
    ({ fields }) =>
      fields.flatMap(({ name: field, missing, unseen }): [Labels, number][] => [
        [{ field, kind: "missing" }, missing],
        [{ field, kind: "unseen" }, unseen],
      ]),
  ],
  weft_drift_rows: ["Rows that drift is told from", [], ({ rows }) => [[{}, rows]]],
  weft_drift_level: ["Drift: 0 green, 1 amber, 2 red; absent where unknown", [], ({ level }) => [[{}, LEVELS[level]]]],
};

/** Describes the drift of all models of a service. */
export function describeDrift(service: Service, monitor: DriftMonitor): Describe {
  return ({ Gauge }, registry) => {
    for (const [name, [help, labelNames, values]] of Object.entries(GAUGES)) {
      new Gauge({
        ...{ name, help, labelNames: ["model", "version", ...labelNames], registers: [registry] },
        collect() {
          this.reset();
          for (const model of service.models) {
            for (const [labels, value] of values(monitor.report(model))) {
              if (Number.isFinite(value)) this.set({ model: model.name, version: model.version, ...labels }, value);
            }
          }
        },
      });
    }
  };
}
