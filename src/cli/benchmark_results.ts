/**
 * What the runs of a benchmark came to, by model.
 *
 * @module
 */
import { type Evaluation, numbersOf } from "../metrics.ts";
import type { RunInfo } from "../runs/info.ts";
import { type RunSummary, type Spread, summarizeRuns } from "../runs/spread.ts";
import { formatCount, formatTable } from "./table.ts";

/** A run of a benchmark. */
export interface RunResult {
  readonly name: string;
  /** Name of the data, where there are several. */
  readonly data: string | undefined;
  /** Name of the model in the recipe. */
  readonly model: string;
  readonly seed: number;
  readonly folder: string;
  /** What its folder says; absent where it was not started. */
  readonly info: RunInfo | undefined;
  /** Why it failed. */
  readonly error?: string;
}

/** The runs of a model on data, and what they came to. */
interface ModelResult extends RunSummary {
  readonly data: string | undefined;
  readonly model: string;
  /** Runs that are in the recipe. */
  readonly planned: number;
}

function byModel(results: readonly RunResult[]): ModelResult[] {
  const groups = Map.groupBy(results, ({ data, model }) => JSON.stringify([data ?? null, model]));
  return [...groups.values()].map((group) => {
    const [{ data, model }] = group;
    return { data, model, planned: group.length, ...summarizeRuns(group.flatMap(({ info }) => info ?? [])) };
  });
}

/** Writes `results.json` and `results.md`. */
export function formatResults(
  recipe: string,
  results: readonly RunResult[],
): { readonly json: string; readonly markdown: string } {
  const runs = results.map(({ name, data, model, seed, info, error }) => ({
    name,
    data,
    model,
    seed,
    state: info?.state ?? "missing",
    error,
    epochs: info?.epochs,
    seconds: info?.seconds,
    parameters: info?.model.parameters,
    validation: metricsOf(info?.best),
    test: metricsOf(info?.test),
  }));
  const json = `${JSON.stringify({ format: 1, recipe, models: byModel(results), runs }, null, 2)}\n`;
  const { header, rows } = cellsOf(results);
  const lines = [header, header.map((_, i) => i === 0 ? "---" : "---:"), ...rows];
  const failed = results.filter(({ error }) => error !== undefined);
  const markdown = [
    `# ${recipe}`,
    describeSetting(results),
    lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n"),
    ...(failed.length > 0 ? [failed.map(({ name, error }) => `- ${name} failed: ${error}`).join("\n")] : []),
  ];
  return { json, markdown: `${markdown.join("\n\n")}\n` };
}

/** Writes the models as a table for a terminal. */
export function tableOf(results: readonly RunResult[]): string {
  const { header, rows } = cellsOf(results);
  return formatTable(header, rows);
}

function cellsOf(results: readonly RunResult[]): { readonly header: string[]; readonly rows: string[][] } {
  const models = byModel(results);
  const hasData = models.some(({ data }) => data !== undefined);
  const order = models.some(({ metrics }) => metrics.concordance) ? "concordance" : "auc";
  const part = results.some(({ info }) => info?.test) ? "test" : "validation";
  const title = order === "auc" ? "AUC" : order;
  const header = [
    ...["model", ...(hasData ? ["data"] : []), "runs"],
    ...[`${part} ${title}`, `${part} log loss`, "seconds", "parameters"],
  ];
  const rows = models.map(({ model, data, runs, planned, metrics, seconds, parameters }) => [
    model,
    ...(hasData ? [data ?? ""] : []),
    runs === planned ? String(runs) : `${runs} of ${planned}`,
    formatSpread(metrics[order], 5),
    formatSpread(metrics.logloss, 5),
    formatSpread(seconds, 1),
    parameters === undefined ? "-" : formatCount(parameters),
  ]);
  return { header, rows };
}

function formatSpread(spread: Spread | undefined, digits: number): string {
  if (!spread) return "-";
  const { mean, deviation } = spread;
  return mean.toFixed(digits) + (deviation === undefined ? "" : ` ± ${deviation.toFixed(digits)}`);
}

/** Says on which rows and devices the runs were trained. */
function describeSetting(results: readonly RunResult[]): string {
  const infos = results.flatMap(({ info }) => info ?? []);
  const seeds = [...new Set(results.map(({ seed }) => seed))];
  const rows = results.flatMap(({ data, info }) => {
    if (!info) return [];
    const parts = Object.entries(info.data).map(([name, part]) => `${formatCount(part.rows)} ${name}`);
    return [`${data === undefined ? "" : `${data}: `}${parts.join(", ")} rows`];
  });
  const devices = [...new Set(infos.map(({ adapter, versions }) => `${adapter.description}, Weft ${versions.weft}`))];
  const lines = [...new Set(rows), `seeds ${seeds.join(", ")}`, ...devices];
  return `Mean and standard deviation over the runs of each model. ${lines.join("; ")}.`;
}

function metricsOf(evaluation: Evaluation | undefined): Record<string, number> | undefined {
  return evaluation && numbersOf(evaluation);
}
