/**
 * The command that trains models on Frappe and keeps the leaderboard.
 *
 * @module
 */
import { requestAdapter } from "../../src/adapter.ts";
import { Gpu } from "../../src/gpu/device.ts";
import { loadKernels } from "../../src/kernels/load.ts";
import { parseArgs } from "../../src/std.ts";
import { readSplits } from "./data.ts";
import { isFinished, type LoggedRun, parseLog, type Result, resultsOf } from "./log.ts";
import { EPOCHS, type Recipe } from "./recipe.ts";
import { RECIPES } from "./recipes.ts";
import { formatLeaderboard } from "./table.ts";
import { checkpointPath, isFile, logPath, readTextIfThere, trainByRecipe } from "./training.ts";

/** What the command line says. */
interface Arguments {
  readonly data: string | undefined;
  readonly names: readonly string[];
  readonly seed: number;
  readonly epochs: number | undefined;
  readonly force: boolean;
  readonly list: boolean;
  readonly table: boolean;
  readonly results: string;
  readonly checkpoints: string;
}

const HERE = import.meta.dirname;

/**
 * Runs the command line.
 *
 * @param args command-line arguments
 * @param defaults models that are trained when none is named
 * @throws {RangeError} when an argument is unknown or out of its range
 */
export async function runFrappe(args: readonly string[], defaults: readonly string[]): Promise<void> {
  const options = parseArguments(args, defaults);
  Deno.mkdirSync(options.results, { recursive: true });
  Deno.mkdirSync(options.checkpoints, { recursive: true });
  if (options.list) return listModels(options);
  if (!options.table) await trainAll(options);
  const page = writeTable(options.results);
  console.log(page.slice(page.indexOf("\n|") + 1));
}

function parseArguments(args: readonly string[], defaults: readonly string[]): Arguments {
  const parsed = parseArgs(args, {
    boolean: ["force", "list", "table"],
    string: ["data", "models", "seed", "epochs", "results", "checkpoints"],
    default: {
      models: defaults.join(","),
      seed: "2021",
      results: `${HERE}/../results`,
      checkpoints: `${HERE}/../../.weft`,
    },
    unknown: (argument) => {
      const known = "--data --models --seed --epochs --force --list --table --results --checkpoints";
      throw new RangeError(`Cannot run: options are ${known}, received "${argument}"`);
    },
  });
  const names: string[] = parsed.models.split(",");
  const unknown = names.find((name) => !Object.hasOwn(RECIPES, name));
  if (unknown !== undefined) {
    throw new RangeError(`Cannot train: models are ${Object.keys(RECIPES).join(", ")}, received "${unknown}"`);
  }
  const { data, force, list, table, results, checkpoints } = parsed;
  const seed = wholeNumber("--seed", parsed.seed, 0);
  const epochs = parsed.epochs === undefined ? undefined : wholeNumber("--epochs", parsed.epochs, 1);
  return { data, names, seed, epochs, force, list, table, results, checkpoints };
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < least) {
    throw new RangeError(`Cannot run: ${name} must be a whole number from ${least}, received "${text}"`);
  }
  return value;
}

function runsOf(results: string, name: string): LoggedRun[] {
  return parseLog(readTextIfThere(logPath(results, name)));
}

function listModels({ results, checkpoints, seed }: Arguments): void {
  for (const [name, { title, definition, l2, epochs = EPOCHS }] of Object.entries(RECIPES)) {
    const state = isFinished(runsOf(results, name), seed)
      ? "finished"
      : isFile(checkpointPath(checkpoints, name, seed))
      ? "begun"
      : "waits";
    const settings = `${definition.name} ${JSON.stringify(definition.options)}`;
    console.log(
      `${name.padEnd(13)} ${title.padEnd(12)} ${state.padEnd(8)}  ${settings}  l2 ${
        JSON.stringify(l2)
      }  ${epochs} epochs`,
    );
  }
}

/** Writes the table of all logs and returns its text. */
function writeTable(results: string): string {
  const finished = new Map<string, readonly Result[]>();
  for (const name of Object.keys(RECIPES)) finished.set(name, resultsOf(runsOf(results, name)));
  const page = formatLeaderboard(RECIPES, finished);
  Deno.writeTextFileSync(`${results}/frappe.md`, page);
  return page;
}

async function trainAll(options: Arguments): Promise<void> {
  const { data, seed, epochs, results, checkpoints } = options;
  if (!data) throw new RangeError("Cannot run: name the folder of the data with --data");
  const waiting = waitingModels(options);
  if (waiting.length === 0) return;
  const splits = await readSplits(data);
  const { adapter, description } = await requestAdapter({ announce: (line) => console.error(line) });
  console.log(description);
  using gpu = await Gpu.request(adapter);
  await loadKernels(gpu);
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, interrupt);
  const print = (line: string): void => console.log(line);
  const { signal } = interruption;
  for (const [name, recipe] of waiting) {
    await trainByRecipe(name, recipe, { gpu, splits, seed, epochs, results, checkpoints, signal, print });
    if (signal.aborted) break;
    writeTable(results);
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.removeSignalListener(signal, interrupt);
}

function waitingModels({ names, seed, force, results, checkpoints }: Arguments): [name: string, recipe: Recipe][] {
  return names.flatMap((name): [string, Recipe][] => {
    if (!force && isFinished(runsOf(results, name), seed)) {
      return (console.log(`${name}: finished, see ${logPath(results, name)}`), []);
    }
    const path = checkpointPath(checkpoints, name, seed);
    if (force && isFile(path)) Deno.removeSync(path);
    return [[name, RECIPES[name]]];
  });
}
