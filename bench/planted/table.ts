/**
 * Results of models on planted logs, a line each, and the page that is made of them.
 *
 * @module
 */
import { formatTable } from "../report.ts";

/** What a training came to. */
export interface PlantedResult {
  readonly model: string;
  readonly rule: string;
  /** AUC on the test rows. */
  readonly auc: number;
  /** AUC of the probabilities themselves on these rows. */
  readonly best: number;
  /** Rows of the log. */
  readonly rows: number;
  readonly epochs: number;
  readonly seed: number;
  readonly seconds: number;
}

/** How far below the best AUC a model may stay that has found a rule. */
export const NEAR = 0.01;

/** Reads results from JSON lines. */
export function parseResults(text: string): PlantedResult[] {
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/**
 * Writes results as a table with a line for each model and a column for each rule; of several results of a model and a rule
 * the last one counts, and differences from the best AUC stand in parentheses.
 */
export function formatResults(results: readonly PlantedResult[], models: readonly string[]): string {
  const rules = [...new Set(results.map(({ rule }) => rule))];
  const last = (model: string, rule: string): PlantedResult | undefined =>
    results.findLast((result) => result.model === model && result.rule === rule);
  const best = rules.map((rule) => results.findLast((result) => result.rule === rule)!.best.toFixed(4));
  const cells = models.flatMap((model) => {
    const runs = rules.map((rule) => last(model, rule));
    const done = runs.filter((run) => run !== undefined);
    if (done.length === 0) return [];
    const found = done.filter(({ auc, best }) => auc >= best - NEAR).map(({ rule }) => rule);
    const seconds = Math.max(...done.map(({ seconds }) => seconds)).toFixed(0);
    return [[
      model,
      ...runs.map(formatRun),
      found.length === rules.length ? "all" : found.join(", ") || "none",
      seconds,
    ]];
  });
  const header = ["model", ...rules, "found", "seconds"];
  return formatTable(header, [["best", ...best, "", ""], ...cells], [...rules.map((_, i) => i + 1), rules.length + 2]);
}

function formatRun(run: PlantedResult | undefined): string {
  if (!run) return "";
  const difference = run.auc - run.best;
  return `${run.auc.toFixed(4)} (${difference < 0 ? "-" : "+"}${Math.abs(difference).toFixed(4)})`;
}
