/**
 * The first section: the model, its data, and how good it is.
 *
 * @module
 */
import { numbersOf } from "../../../metrics.ts";
import type { MeasuredMetric } from "../../measure/predictions.ts";
import type { Report } from "../../parts.ts";
import { formatBytes, formatCount, formatNumber, formatSeconds, formatShare, NONE } from "../format.ts";
import { type Markup, markup, type Part } from "../markup.ts";
import type { Section } from "../section.ts";

/** What metrics are called, and their digits. */
export const METRICS: Readonly<Record<string, { readonly label: string; readonly digits: number }>> = {
  auc: { label: "AUC", digits: 4 },
  averagePrecision: { label: "Average precision", digits: 4 },
  logloss: { label: "Log loss", digits: 4 },
  normalizedEntropy: { label: "Normalized entropy", digits: 4 },
  brier: { label: "Brier score", digits: 4 },
  calibration: { label: "Predicted / observed", digits: 3 },
  ece: { label: "Calibration error", digits: 4 },
  concordance: { label: "Concordance", digits: 4 },
};

/** Returns the label of a metric, as in `auc` or `auc.click`. */
export function labelOf(metric: string): string {
  const [name, ...task] = metric.split(".");
  const label = METRICS[name]?.label ?? name;
  return task.length > 0 ? `${label}, ${task.join(".")}` : label;
}

/** Writes the section. */
export function summarySection(report: Report): Section {
  return {
    id: "summary",
    title: "Summary",
    body: markup`${metricGroups(report).map(([title, metrics]) => figures(title, metrics))}
<dl class="card facts">${
      factsOf(report).map(([name, value]) =>
        markup`<div><dt>${name}</dt><dd>${value}</dd></div>
`
      )
    }</dl>`,
  };
}

/** Returns metrics of what was predicted; without predictions, those that the run has kept. */
function metricGroups({ tasks, heads, run, data }: Report): (readonly [string, readonly MeasuredMetric[]])[] {
  const on = data && `${formatCount(data.rows)} rows${data.name === undefined ? "" : ` of ${data.name}`}`;
  if (tasks.length > 0) {
    return tasks.map(({ task, metrics }) => [tasks.length > 1 ? `${task}: ${on}` : `On ${on}`, metrics]);
  }
  if (heads) return Object.entries(heads).map(([name, metrics]) => [`${name}: ${on}`, metrics]);
  const [title, kept] = run?.info.test
    ? ["On the run's test rows", run.info.test]
    : ["On the run's validation rows, best epoch", run?.info.best];
  if (!kept) return [];
  const { rows: _, ...numbers } = numbersOf(kept);
  const metrics = Object.entries(numbers).flatMap(([name, value]) =>
    name.split(".")[1] === "rows" || !Number.isFinite(value) ? [] : [{ name, value }]
  );
  return [[title, metrics]];
}

function figures(title: string, metrics: readonly MeasuredMetric[]): Markup {
  return markup`<h3 class="over">${title}</h3>
<div class="figures">${
    metrics.map(({ name, value, interval, note }) => {
      const { digits = 4 } = METRICS[name.split(".")[0]] ?? {};
      const below = note ??
        (interval && `${formatNumber(interval[0], digits)} to ${formatNumber(interval[1], digits)}`);
      return markup`<div class="figure"><h2>${labelOf(name)}</h2><p>${formatNumber(value, digits)}</p>${
        below !== undefined && markup`<small class="muted">${below}</small>`
      }</div>
`;
    })
  }</div>
${
    metrics.some(({ interval }) => interval) &&
    markup`<p class="muted caption">Below a number: its 95 % interval. Models whose intervals overlap may still differ; <code>weft compare</code> tests two on the same rows.</p>`
  }
`;
}

/** Returns names and values of what is known. */
function factsOf({ model, adapter, run, data }: Report): (readonly [string, Part])[] {
  const info = run?.info;
  const facts: (readonly [string, Part | null | undefined])[] = [
    ["Model", markup`<b>${model.name}</b> ${code(JSON.stringify(model.options))}`],
    ["Parameters", `${formatCount(model.parameters)}, tables of ${formatBytes(model.tableBytes)} on the device`],
    ["Tables", Object.entries(model.storage).map(([name, kind]) => `${name} in ${kind}`).join(", ") || null],
    ["Fields", `${model.fields.length}: ${model.fields.join(", ")}`],
    ["Schema", code(model.schema.slice(0, 12))],
    ["Calibration", Object.entries(model.calibration).map(([task, kind]) => `${task}: ${kind}`).join("; ") || "none"],
    ["Seed", String(info?.seed ?? model.seed)],
    ["Trained on", trainedOn(model.training)],
    ["Rows of the run", info && rowsOf(info.data)],
    ["Predictions", data && `${formatCount(data.rows)} rows${data.name === undefined ? "" : ` of ${data.name}`}`],
    [
      "State of the run",
      info && `${info.state}, ${info.epochs} epochs${info.bestEpoch ? `, best ${info.bestEpoch}` : ""}`,
    ],
    ["Error", info?.error],
    ["Started", info?.started],
    ["Ended", info?.ended],
    ["Time", info?.seconds === undefined ? null : formatSeconds(info.seconds)],
    ["Adapter of the training", info?.adapter.description],
    ["Adapter of the report", adapter],
    ["Versions", info && Object.entries(info.versions).map(([name, version]) => `${name} ${version}`).join(", ")],
    ["Command", info && info.command.length > 0 ? code(`weft ${info.command.join(" ")}`) : null],
  ];
  return facts.flatMap(([name, value]) => value === null || value === undefined ? [] : [[name, value] as const]);
}

function trainedOn(training: Report["model"]["training"]): string | null {
  if (!training) return null;
  const rates = training.labelRates.map((rate) => (rate === null ? NONE : formatShare(rate))).join(", ");
  return `${formatCount(training.rows)} rows, ${rates} positive`;
}

function rowsOf(data: Readonly<Record<string, { rows: number } | undefined>> | object): string {
  return Object.entries(data as Record<string, { rows: number } | undefined>).flatMap(([name, part]) =>
    part ? [`${name} ${formatCount(part.rows)}`] : []
  ).join(", ");
}

function code(text: string): Markup {
  return markup`<code>${text}</code>`;
}
