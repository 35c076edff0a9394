/**
 * `weft tune`.
 *
 * @module
 */
import { basename, join } from "node:path";
import type { Dataset } from "../data/dataset.ts";
import { openJournal } from "../search/journal_file.ts";
import type { SearchEnd } from "../search/search.ts";
import { type Params, parseSpace } from "../search/space.ts";
import { SearchError, tune as search, type TuneOptions, type TuneResult } from "../search/tune.ts";
import { Interruption } from "./interrupt.ts";
import { type CommandInfo, type NameOf, type Options, parseOptions, UsageError } from "./options.ts";
import { readSample } from "./parts.ts";
import type { Streams } from "./streams.ts";
import { checkOnSample, readArguments } from "./train.ts";
import { TRAIN } from "./train_options.ts";
import { copyBest, JOURNAL_FILE, makePruner, makeSampler, type Method } from "./tune_folder.ts";
import { PRUNERS, readBegun, SAMPLERS, settingsOf } from "./tune_folder.ts";
import { describeSearch, formatParams, formatSearch, formatTrial, readSeconds } from "./tune_report.ts";
import { formatCommand, parseSearchFile, probesOf, type SearchFile, trainArguments } from "./tune_space.ts";
import { runTrial } from "./tune_trial.ts";

const GROUPS = {
  "Search": {
    out: { value: "FOLDER", help: "folder of the search (default: the name of SPACE, without .json)" },
    resume: { value: "FOLDER", help: "go on with the search in this folder, as it was begun" },
    trials: { value: "N", help: "trials in all, those that are there included (default 50)" },
    parallel: { value: "N", help: "trials at a time, each a process (default 1)" },
    timeout: { value: "SECONDS", help: "start no trial after so many seconds (default: no limit)" },
    "max-failures": { value: "N", help: "end after N failing trials in a row; 0 for never (default 3)" },
  },
  "Method": {
    sampler: {
      value: "NAME",
      help: "tpe (default) prefers what was good, random draws evenly, grid takes all combinations",
    },
    "startup-trials": { value: "N", help: "trials that tpe draws at random first (default 10)" },
    candidates: { value: "N", help: "values of a parameter that tpe chooses from (default 24)" },
    pruner: { value: "NAME", help: "asha (default) stops trials that are worse than others; none" },
    "reduction-factor": {
      value: "N",
      help: "one of N trials passes a rung of asha, at N times the epochs (default 4)",
    },
    "min-epochs": { value: "N", help: "epochs up to the first rung (default 1)" },
    seed: { value: "N", help: "seed of what is drawn (default 1)" },
  },
  "Output": {
    top: { value: "N", help: "trials in the table (default 10)" },
    json: { help: "print JSON instead of tables" },
  },
} as const;

type Name = NameOf<typeof GROUPS>;

/** Describes `weft tune`. */
export const TUNE: CommandInfo<typeof GROUPS> = {
  name: "tune",
  operands: "SPACE",
  summary: "search for the options of train that give the best model",
  options: GROUPS,
  notes: [
    'SPACE is a JSON file of options of train by name: data and columns at the top, others in "fixed", and in "space"',
    'those that are searched: {"data": "log.csv", "label": "click", "categorical": "user,item", "split": [0.8, 0.2],',
    ' "fixed": {"epochs": 10}, "space": {"model": ["deepfm", "dcnv2"], "lr": {"log": [1e-4, 1e-2]},',
    ' "dropout": {"uniform": [0, 0.5]}, "batch-size": {"int": [256, 8192], "log": true},',
    ' "model-options.layers": {"int": [1, 4], "when": {"model": "dcnv2"}}}, "objective": "auc"}',
    "Trials are in FOLDER/trials, each as train --run writes it; FOLDER/study.log is a journal of Optuna, which",
    "optuna-dashboard shows; FOLDER/best.weft is the best model. Ctrl-C stops the search; the same command or",
    "--resume FOLDER goes on with it.",
  ],
  examples: ["tune space.json --trials 50", "tune space.json --sampler grid --parallel 2", "tune --resume space"],
};

/** Runs `weft tune`. */
export async function tune(args: readonly string[], streams: Streams): Promise<number> {
  const options = parseOptions(TUNE, args);
  const begun = await readSearch(options);
  const limits = {
    trials: options.integer("trials", 1) ?? 50,
    parallel: options.integer("parallel", 1) ?? 1,
    timeout: options.number("timeout", Number.MIN_VALUE),
    maxFailures: options.integer("max-failures", 0) ?? 3,
  };
  const top = options.integer("top", 1) ?? 10;
  await checkTrials(begun);
  await Deno.mkdir(join(begun.folder, "trials"), { recursive: true });
  using interruption = new Interruption();
  using _ = interruption.tell(() => streams.err("Stopping the trials that run"), () => {});
  const { folder, file } = begun;
  const { ended, error, trials, best } = await run(begun, { ...limits, signal: interruption.signal }, streams);
  if (best) await copyBest(folder, best.number);
  const search = { folder, file, trials, best, seconds: await readSeconds(folder, trials) };
  streams.out(options.has("json") ? JSON.stringify(describeSearch(search), null, 2) : formatSearch(search, top));
  if (ended !== "trials") streams.err(`${ENDS[ended]} Go on with: ${formatCommand(["tune", "--resume", folder])}`);
  if (ended === "interrupted") return interruption.exitCode;
  if (error) throw error;
  if (!best) throw new Error("Cannot name the best trial: one must be complete, received none");
  return 0;
}

/** What is said of searches that can go on. */
const ENDS = { interrupted: "Interrupted.", timeout: "Time is up.", failures: "Too many trials failed." } as const;

/** A search and where it is kept. */
interface Begun {
  readonly folder: string;
  readonly file: SearchFile;
  readonly method: Method;
}

async function readSearch(options: Options<Name>): Promise<Begun> {
  const folder = options.text("resume");
  if (folder !== undefined) {
    if (options.operands.length > 0) options.refuse('option "--resume" needs no file, the folder has it');
    options.exclude("resume", ["out", ...Object.keys(GROUPS.Method) as (keyof typeof GROUPS.Method)[]]);
    return { folder, ...await readBegun(folder) };
  }
  if (options.operands.length !== 1) {
    options.refuse(`one file is needed, as in tune space.json, received ${options.operands.length}`);
  }
  const [path] = options.operands;
  const text = await Deno.readTextFile(path).catch((error: Error) => {
    throw new Error(`Cannot read "${path}": ${error.message}`, { cause: error });
  });
  const file = parseSearchFile(path, text);
  return { folder: options.text("out") ?? basename(path, ".json"), file, method: readMethod(options) };
}

function readMethod(options: Options<Name>): Method {
  const sampler = options.choice("sampler", SAMPLERS) ?? "tpe";
  const pruner = options.choice("pruner", PRUNERS) ?? "asha";
  for (const name of ["startup-trials", "candidates"] as const) {
    if (sampler !== "tpe" && options.has(name)) options.refuse(`option "--${name}" is not for ${sampler}`);
  }
  for (const name of ["reduction-factor", "min-epochs"] as const) {
    if (pruner !== "asha" && options.has(name)) options.refuse(`option "--${name}" is not for ${pruner}`);
  }
  const startupTrials = options.integer("startup-trials", 1);
  const candidates = options.integer("candidates", 1);
  const reductionFactor = options.integer("reduction-factor", 2);
  const minEpochs = options.integer("min-epochs", 1);
  return {
    sampler: makeSampler({ name: sampler, startupTrials, candidates }),
    pruner: makePruner({ name: pruner, reductionFactor, minEpochs }),
    seed: options.integer("seed", 0) ?? 1,
  };
}

/** Rows that the options of trials are checked by. */
const SAMPLE_ROWS = 1000;

const QUIET: Streams = { out: () => {}, err: () => {} };

/**
 * Checks before anything runs what trials will be told: each value of a list, and both ends of each range.
 *
 * @throws {UsageError} when an option is wrong
 */
async function checkTrials({ file, method }: Begun): Promise<void> {
  const space = parseSpace(file.space);
  method.sampler.count(space, 1);
  // Trials mostly differ in what is not about the data.
  const samples = new Map<string, Dataset>();
  for (const params of probesOf(space)) {
    try {
      const training = await readArguments(trainArguments(file, params));
      const key = JSON.stringify(dataOptions(file, params));
      if (!samples.has(key)) {
        samples.set(key, await readSample(training.options, training.source, SAMPLE_ROWS, QUIET));
      }
      checkOnSample(training, samples.get(key)!);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(error.message.replace("Cannot run train:", `Cannot tune with ${formatParams(params)}:`));
    }
  }
}

/** Returns the options of a trial that say what its rows are. */
function dataOptions({ fixed }: SearchFile, params: Params): [string, unknown][] {
  const names = [...Object.keys(TRAIN.options.Data), ...Object.keys(TRAIN.options.Schema), "from"];
  return Object.entries({ ...fixed, ...params }).filter(([name]) => names.includes(name));
}

type Limits = Pick<TuneOptions, "trials" | "parallel" | "timeout" | "maxFailures" | "signal">;

/** What came of a search, whether it failed or not. */
interface Outcome extends Pick<TuneResult, "trials" | "best"> {
  readonly ended: SearchEnd;
  readonly error?: SearchError;
}

async function run({ folder, file, method }: Begun, limits: Limits, streams: Streams): Promise<Outcome> {
  using journal = openJournal(join(folder, JOURNAL_FILE));
  try {
    return await search({
      ...limits,
      ...method,
      journal,
      name: basename(folder),
      space: file.space,
      direction: file.direction,
      settings: settingsOf(file),
      objective: (trial) => runTrial(trial, file, folder),
      onTrial: (trial) => streams.err(formatTrial(trial, file.objective)),
    });
  } catch (error) {
    if (!(error instanceof SearchError)) throw error;
    return { ended: "failures", error, trials: error.trials, best: error.best };
  }
}
