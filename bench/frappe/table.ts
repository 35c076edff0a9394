/**
 * The leaderboard as a table.
 *
 * @module
 */
import { formatTable } from "../report.ts";
import type { Result } from "./log.ts";
import type { Recipe, Spread } from "./recipe.ts";

const HEADER = [
  "model",
  "parameters",
  "best epoch",
  "test AUC",
  "log loss",
  "s/epoch",
  "published AUC",
  "difference",
  "published log loss",
  "AUC of 5 seeds",
  "log loss of 5 seeds",
  "seed",
];

const INTRODUCTION = `# Frappe

202,027 training rows (negatives redrawn), published validation (57,722) and test rows (28,860). Adam 1e-3 with dense
updates, batch 4096, width 10, gradient norm at most 10; the learning rate is cut tenfold at each epoch that does not
improve validation AUC, two such epochs in a row end training (three for IPNN), as does the 100th (the 200th for FmFM,
HOFM and NFM). "Published" is the single run of BARS on the original training file, "5 seeds" its mean and standard
deviation; FuxiCTR has test AUC 0.98374 and log loss 0.1644 with DeepFM, 0.98403 and 0.1521 with DCN on the files used
here. Blank: not run.`;

const PLATEAUS =
  `AFM, HOFM and CrossNet-V2 stay on a plateau of the validation AUC for some epochs, and it is up to the seed whether a dip
ends training there. PyTorch's models by the same recipe on the same files: AFM 0.96593, 0.96179 and 0.95959 with seeds
2021 to 2023; HOFM 0.93742; CrossNet-V2 0.94142 with seed 2024, and 0.96500 after 30 epochs, still rising, with seed 2021.`;

/** Writes the page with one line per model and seed, and a blank line for each model that was not run. */
export function formatLeaderboard(
  recipes: Readonly<Record<string, Recipe>>,
  results: ReadonlyMap<string, readonly Result[]>,
): string {
  const rows = Object.entries(recipes).flatMap(([name, recipe]) => {
    const finished = results.get(name) ?? [];
    return finished.length === 0 ? [formatLine(recipe)] : finished.map((result) => formatLine(recipe, result));
  });
  const adapters = new Set([...results.values()].flat().map((result) => result.adapter));
  const places = adapters.size === 0 ? "" : ` Run on ${[...adapters].join(", ")}.`;
  return `${INTRODUCTION}${places}\n\n${PLATEAUS}\n\n${formatTable(HEADER, rows, HEADER.map((_, i) => i).slice(1))}\n`;
}

function formatLine({ title, parameters, published }: Recipe, result?: Result): string[] {
  return [
    title,
    (result?.parameters ?? parameters).toLocaleString("en"),
    result ? `${result.bestEpoch} of ${result.epochs}` : "",
    result?.test.auc.toFixed(5) ?? "",
    result?.test.logloss.toFixed(4) ?? "",
    result?.secondsPerEpoch.toFixed(1) ?? "",
    published.auc.toFixed(5),
    result ? formatSigned(result.test.auc - published.auc) : "",
    published.logloss.toFixed(4),
    formatSpread(published.aucSpread, 5),
    formatSpread(published.loglossSpread, 4),
    result ? String(result.seed) : "",
  ];
}

function formatSigned(value: number): string {
  return `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(5)}`;
}

function formatSpread(spread: Spread | undefined, digits: number): string {
  return spread ? spread.map((value) => value.toFixed(digits)).join(" ± ") : "";
}
