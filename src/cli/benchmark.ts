/**
 * `weft benchmark`: trains the models of a recipe, each in a process of its own, and compares them.
 *
 * @module
 */
import { basename, join } from "node:path";
import { removeIfThere } from "../files.ts";
import { readTextIfThere } from "../host/mod.ts";
import { RUN_FILES, type RunInfo } from "../runs/info.ts";
import { readRunInfo } from "../runs/read.ts";
import { formatResults, type RunResult, tableOf } from "./benchmark_results.ts";
import { writeWhole } from "./files.ts";
import { Interruption } from "./interrupt.ts";
import { type CommandInfo, type NameOf, type Options, parseOptions, UsageError } from "./options.ts";
import { readSample } from "./parts.ts";
import { parseRecipe, type PlannedRun } from "./recipe.ts";
import type { Streams } from "./streams.ts";
import { readArguments } from "./train.ts";
import { trainInProcess } from "./train_process.ts";

const GROUPS = {
  "Runs": {
    models: { value: "NAMES", help: "train these models of the recipe alone" },
    seeds: { value: "LIST", help: "train with these seeds alone, which need not be in the recipe" },
    out: { value: "FOLDER", help: "where runs and results go (default: runs/ and the recipe's name)" },
  },
} as const;

/** Describes `weft benchmark`. */
export const BENCHMARK: CommandInfo<typeof GROUPS> = {
  name: "benchmark",
  operands: "RECIPE",
  summary: "train the models of a recipe over seeds, and compare them",
  options: GROUPS,
  notes: [
    "A recipe is JSON: data (training, validation, test, split and the like), schema or columns, defaults, models and",
    "seeds; options have the names of train. Each run has a folder, in which finished runs are left alone and others go",
    "on. One that fails does not end the others. results.json and results.md have means and standard deviations.",
  ],
  examples: ["benchmark recipe.json", "benchmark recipe.json --models deepfm,dcnv2 --seeds 1,2"],
};

/** Rows that are read to find out whether each model suits the data. */
const SAMPLE_ROWS = 500;

/** Runs `weft benchmark`. */
export async function benchmark(args: readonly string[], streams: Streams): Promise<number> {
  const options = parseOptions(BENCHMARK, args);
  if (options.operands.length !== 1) {
    options.refuse(`one recipe is needed, as in benchmark recipe.json, received ${options.operands.length}`);
  }
  const [path] = options.operands;
  const out = options.text("out") ?? join("runs", basename(path).replace(/\.json$/, ""));
  const text = await readTextIfThere(path);
  if (text === undefined) throw new Error(`Cannot read recipe "${path}": the file must exist, received none`);
  const schemas = new Map<string, string>();
  const planned = parseRecipe(path, text, readSeeds(options), (name, schema) => {
    const file = join(out, name === undefined ? "schema.json" : `schema-${name}.json`);
    schemas.set(file, `${JSON.stringify(schema, null, 2)}\n`);
    return file;
  });
  const wanted = chooseModels(planned, options);
  await Deno.mkdir(out, { recursive: true });
  for (const [file, schema] of schemas) await writeWhole(file, [schema]);
  await requireTrainable(wanted, streams);
  await requireSameRuns(planned, out);
  const { code, errors } = await trainAll(wanted, out, streams);
  return await report({ path, planned, out, errors }, streams) || code;
}

function readSeeds(options: Options<NameOf<typeof GROUPS>>): readonly number[] | undefined {
  const seeds = options.numbers("seeds", 0);
  const odd = seeds?.find((seed) => !Number.isInteger(seed));
  return odd === undefined ? seeds : options.refuse(`option "--seeds" must be integers, received "${odd}"`);
}

function chooseModels(planned: readonly PlannedRun[], options: Options<NameOf<typeof GROUPS>>): readonly PlannedRun[] {
  if (!options.has("models")) return planned;
  const known = [...new Set(planned.map(({ model }) => model))];
  const names = options.list("models");
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    options.refuse(`option "--models" must be of ${known.join(", ")}, received "${unknown}"`);
  }
  return planned.filter(({ model }) => names.includes(model));
}

/**
 * Reads the options of all runs, and the first rows of their data, so that mistakes show before anything is trained.
 *
 * @throws {UsageError} when an option is unknown, out of its range or not for the model; it names the run
 */
async function requireTrainable(planned: readonly PlannedRun[], streams: Streams): Promise<void> {
  const quiet: Streams = { out: () => {}, err: () => {} };
  const checked = new Set<string>();
  for (const { name, data, model, args } of planned) {
    // Seeds change nothing about it.
    if (checked.has(`${data}\n${model}`)) continue;
    checked.add(`${data}\n${model}`);
    try {
      const { options, source, check } = await readArguments(args);
      check?.((await readSample(options, source, SAMPLE_ROWS, quiet)).schema);
    } catch (error) {
      const message = `Cannot run benchmark: run "${name}": ${(error as Error).message}`;
      if (error instanceof UsageError) throw new UsageError(message);
      throw new Error(message, { cause: error });
    }
  }
  streams.err(`benchmark: ${planned.length} runs`);
}

/** Refuses folders with runs of other options, which would be taken for those of the recipe. */
async function requireSameRuns(planned: readonly PlannedRun[], out: string): Promise<void> {
  for (const { name, args } of planned) {
    const folder = join(out, name);
    const info = await readRunInfo(folder);
    if (!info) continue;
    const before = withoutFolder(info.command);
    const now = ["train", ...args];
    if (before.length === now.length && before.every((argument, i) => argument === now[i])) continue;
    throw new Error(
      `Cannot run benchmark: "${folder}" must hold a run of the recipe's options, received one of "${
        before.join(" ")
      }"; remove it, or give another folder with --out`,
    );
  }
}

function withoutFolder(command: readonly string[]): string[] {
  return command.filter((argument, i) => argument !== "--run" && command[i - 1] !== "--run");
}

/** Trains one after the other; returns the exit code, and why runs failed that left no record of it. */
async function trainAll(
  planned: readonly PlannedRun[],
  out: string,
  streams: Streams,
): Promise<{ readonly code: number; readonly errors: ReadonlyMap<string, string> }> {
  using interruption = new Interruption();
  const errors = new Map<string, string>();
  for (const [i, { name, args }] of planned.entries()) {
    if (interruption.signal.aborted) break;
    const folder = join(out, name);
    const before = await readRunInfo(folder);
    const place = `${name} (${i + 1} of ${planned.length})`;
    if (before?.state === "finished") {
      streams.err(`${place}: finished before`);
      continue;
    }
    streams.err(`${place}: ${before ? "goes on" : "starts"}`);
    await Deno.mkdir(folder, { recursive: true });
    const command = ["train", ...args, "--run", folder, ...(before ? ["--continue"] : [])];
    const error = await trainInProcess(command, join(folder, "train.log"), interruption, streams);
    if (interruption.signal.aborted) streams.err(`${name}: interrupted; the same command goes on`);
    else if (error !== undefined) errors.set(name, error);
    // It is several times the size of the model, and no run goes on from it.
    else await removeIfThere(join(folder, RUN_FILES.checkpoint));
  }
  return { code: interruption.exitCode, errors };
}

/** What a benchmark came to. */
interface Outcome {
  readonly path: string;
  readonly planned: readonly PlannedRun[];
  readonly out: string;
  readonly errors: ReadonlyMap<string, string>;
}

/** Writes and prints the results of all runs of the recipe; returns 1 where one of them failed. */
async function report({ path, planned, out, errors }: Outcome, streams: Streams): Promise<number> {
  const results: RunResult[] = [];
  for (const { name, data, model, seed } of planned) {
    const folder = join(out, name);
    const info: RunInfo | undefined = await readRunInfo(folder);
    const error = info?.error ?? errors.get(name);
    results.push({ name, data, model, seed, folder, info, ...(info?.state !== "finished" && { error }) });
  }
  const { json, markdown } = formatResults(basename(path), results);
  await writeWhole(join(out, "results.json"), [json]);
  await writeWhole(join(out, "results.md"), [markdown]);
  streams.out(tableOf(results));
  const failed = results.filter(({ info, error }) => info?.state === "failed" || error !== undefined);
  for (const { name, error } of failed) streams.err(`${name} failed: ${error}`);
  streams.out(`Saved the results to ${join(out, "results.md")} and ${join(out, "results.json")}`);
  return failed.length > 0 ? 1 : 0;
}
