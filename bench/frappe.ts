/**
 * Trains the five models on Frappe by the recipe of the public benchmark, one after the other, and keeps logs.
 *
 *     deno run -A bench/frappe.ts --data DIR [--models lr,fm] [--seed 2021] [--epochs 100] [--force]
 *
 * The data may not be redistributed, so DIR must hold frappe.train.rebuilt.libfm.gz, frappe.validation.libfm.gz and
 * frappe.test.libfm.gz. Finished models are skipped unless forced; a killed one goes on from its last epoch.
 *
 * @module
 */
import { deepfm, dnn, fm, lr, wideDeep } from "../models/mod.ts";
import { requestAdapter } from "../src/adapter.ts";
import type { Dataset } from "../src/data/dataset.ts";
import { readLibsvm } from "../src/data/libsvm.ts";
import type { Definition } from "../src/definition.ts";
import { Gpu } from "../src/gpu/device.ts";
import { type Evaluation, Model } from "../src/model.ts";
import { adam } from "../src/optimizer.ts";
import { parseArgs } from "../src/std.ts";
import type { L2 } from "../src/store.ts";
import type { EpochReport, FitOptions, History } from "../src/trainer.ts";
import { formatTable, timingOf } from "./report.ts";

/** What is trained, and what comes out of it elsewhere. */
interface Recipe {
  readonly definition: Definition;
  readonly l2: L2;
  /** Trainable scalars that the model must have on these files. */
  readonly parameters: number;
  /** Test AUC and log loss of the public benchmark, whose training file has other negatives. */
  readonly published: readonly [auc: number, logloss: number];
}

/** The three files. */
interface Splits {
  readonly training: Dataset;
  readonly validation: Dataset;
  readonly test: Dataset;
}

/** The last line of a finished log. */
interface Result {
  readonly model: string;
  readonly seed: number;
  readonly parameters: number;
  readonly epochs: number;
  readonly ended: History["ended"];
  readonly bestEpoch: number;
  readonly validation: Evaluation;
  readonly test: Evaluation;
  /** Median seconds of an epoch of training. */
  readonly secondsPerEpoch: number;
  readonly adapter: string;
}

const HIDDEN = { dim: 10, hidden: [400, 400, 400], batchNorm: true };

const RECIPES: Readonly<Record<string, Recipe>> = {
  lr: {
    definition: lr(),
    l2: { embedding: 1e-5, net: 1e-5 },
    parameters: 5_390,
    published: [0.935584, 0.307643],
  },
  fm: {
    definition: fm({ dim: 10 }),
    l2: { embedding: 5e-6, net: 5e-6 },
    parameters: 59_280,
    published: [0.967108, 0.206515],
  },
  dnn: {
    definition: dnn({ ...HIDDEN, dropout: 0.2 }),
    l2: { embedding: 0.05 },
    parameters: 417_891,
    published: [0.983323, 0.162229],
  },
  wide_deep: {
    definition: wideDeep({ ...HIDDEN, dropout: 0.6 }),
    l2: { embedding: 0.1 },
    parameters: 423_280,
    published: [0.984124, 0.148974],
  },
  deepfm: {
    definition: deepfm({ ...HIDDEN, dropout: 0.2 }),
    l2: { embedding: 0.05 },
    parameters: 423_281,
    published: [0.984243, 0.148174],
  },
};

const FIELDS = "user item daytime weekday isweekend homework cost weather country city".split(" ");
const RESULTS = `${import.meta.dirname}/results/`;
const CHECKPOINTS = `${import.meta.dirname}/../.weft/`;
const RESULT_LINE = "result ";

async function readSplits(folder: string): Promise<Splits> {
  const training = await readLibsvm(`${folder}/frappe.train.rebuilt.libfm.gz`, { fields: FIELDS });
  const { schema } = training;
  const validation = await readLibsvm(`${folder}/frappe.validation.libfm.gz`, { schema });
  return { training, validation, test: await readLibsvm(`${folder}/frappe.test.libfm.gz`, { schema }) };
}

function logPath(name: string): string {
  return `${RESULTS}frappe-${name}.log`;
}

function checkpointPath(name: string, seed: number): string {
  return `${CHECKPOINTS}frappe-${name}-${seed}.weft`;
}

/** Returns the last result in a model's log. */
function finished(name: string): Result | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(logPath(name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const line = text.split("\n").findLast((line) => line.startsWith(RESULT_LINE));
  return line && JSON.parse(line.slice(RESULT_LINE.length));
}

function describeEpoch({ epoch, loss, lr, validation, improved, seconds }: EpochReport): string {
  const metrics = `validation auc ${validation!.auc.toFixed(6)} logloss ${validation!.logloss.toFixed(6)}`;
  return `epoch ${epoch}  loss ${loss.toFixed(6)}  lr ${lr}  ${metrics}${improved ? "  best" : ""}  ${
    seconds.toFixed(1)
  } s`;
}

interface Run {
  readonly gpu: Gpu;
  readonly splits: Splits;
  readonly seed: number;
  readonly epochs: number;
  readonly signal: AbortSignal;
}

/** Trains and tests a model; returns nothing when it was interrupted. */
async function train(name: string, { gpu, splits, seed, epochs, signal }: Run): Promise<Result | undefined> {
  const { definition, l2, parameters } = RECIPES[name];
  const log = (line: string): void => {
    console.log(line);
    Deno.writeTextFileSync(logPath(name), `${line}\n`, { append: true });
  };
  await using model = await Model.create(definition, splits.training.schema, { seed, device: gpu });
  const path = checkpointPath(name, seed);
  const resume = existsSync(path) ? path : undefined;
  log(
    `${resume ? "resumed" : "started"} ${
      new Date().toISOString()
    }  ${name}  seed ${seed}  ${gpu.adapter.description}  ` +
      `Deno ${Deno.version.deno}  ${definition.name} ${JSON.stringify(definition.options)}  l2 ${JSON.stringify(l2)}`,
  );
  if (model.parameterCount !== parameters) {
    throw new RangeError(
      `Cannot train ${name}: it must have ${parameters} parameters, received ${model.parameterCount}`,
    );
  }
  log(`parameters ${model.parameterCount.toLocaleString("en")}`);
  const options: FitOptions = {
    validation: splits.validation,
    epochs,
    batchSize: 4096,
    optimizer: adam({ lr: 1e-3, embeddingUpdate: "dense" }),
    l2,
    clipNorm: 10,
    earlyStopping: { monitor: "auc", patience: 2 },
    checkpoint: { path },
    resume,
    signal,
    onEpoch: (report) => log(describeEpoch(report)),
  };
  const history = await model.fit(splits.training, options);
  if (history.ended === "interrupted") return void log("interrupted; the same command goes on");
  const [validation, test] = [await model.evaluate(splits.validation), await model.evaluate(splits.test)];
  const { bestEpoch, ended, epochs: reports } = history;
  log(`ended: ${ended}  best epoch ${bestEpoch}`);
  log(`test auc ${test.auc.toFixed(6)}  logloss ${test.logloss.toFixed(6)}`);
  const result: Result = {
    model: name,
    seed,
    parameters,
    epochs: reports.at(-1)?.epoch ?? bestEpoch,
    ended,
    bestEpoch,
    validation,
    test,
    secondsPerEpoch: timingOf(reports.map((report) => report.seconds)).ms,
    adapter: gpu.adapter.description,
  };
  log(`${RESULT_LINE}${JSON.stringify(result)}`);
  Deno.removeSync(path);
  return result;
}

function existsSync(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Writes the table of all finished models. */
function writeSummary(): void {
  const results = Object.keys(RECIPES).map(finished).filter((result) => result !== undefined);
  if (results.length === 0) return;
  const header = [
    "model",
    "parameters",
    "best epoch",
    "validation AUC",
    "test AUC",
    "test logloss",
    "published AUC",
    "difference",
    "published logloss",
    "s/epoch",
    "seed",
    "adapter",
  ];
  const cells = results.map(({ model, parameters, bestEpoch, epochs, validation, test, secondsPerEpoch, ...rest }) => {
    const [auc, logloss] = RECIPES[model].published;
    const difference = test.auc - auc;
    return [
      model,
      parameters.toLocaleString("en"),
      `${bestEpoch} of ${epochs}`,
      validation.auc.toFixed(5),
      test.auc.toFixed(5),
      test.logloss.toFixed(4),
      auc.toFixed(5),
      `${difference < 0 ? "-" : "+"}${Math.abs(difference).toFixed(5)}`,
      logloss.toFixed(4),
      secondsPerEpoch.toFixed(1),
      String(rest.seed),
      rest.adapter,
    ];
  });
  const text = `# Frappe

202,027 training rows (negatives redrawn), published validation (57,722) and test rows (28,860), one seed. Adam 1e-3 with
dense updates, batch 4096, dim 10, MLP 400-400-400 with batch norm, gradient norm at most 10, learning rate cut tenfold at
each epoch that does not improve validation AUC, two such epochs in a row end training. "Published" is the single run of
BARS on the original training file; FuxiCTR's DeepFM on the files used here has test AUC 0.98374 and log loss 0.1644.

${formatTable(header, cells, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])}
`;
  Deno.writeTextFileSync(`${RESULTS}frappe.md`, text);
}

async function main(): Promise<void> {
  const args = parseArgs(Deno.args, {
    boolean: ["force"],
    string: ["data", "models", "seed", "epochs"],
    default: { models: Object.keys(RECIPES).join(","), seed: "2021", epochs: "100" },
    unknown: (argument) => {
      throw new RangeError(`Cannot run: options are --data --models --seed --epochs --force, received "${argument}"`);
    },
  });
  if (!args.data) throw new RangeError("Cannot run: name the folder of the data with --data");
  const names: string[] = args.models.split(",");
  const unknown = names.find((name) => !(name in RECIPES));
  if (unknown) throw new RangeError(`Cannot train: models are ${Object.keys(RECIPES)}, received "${unknown}"`);
  const [seed, epochs] = [Number(args.seed), Number(args.epochs)];
  const waiting = names.filter((name) => {
    if (!args.force && finished(name)?.seed === seed) {
      return void console.log(`${name}: finished, see ${logPath(name)}`);
    }
    const path = checkpointPath(name, seed);
    if (args.force && existsSync(path)) Deno.removeSync(path);
    return true;
  });
  const splits = await readSplits(args.data);
  const { adapter, description } = await requestAdapter({ announce: (line) => console.error(line) });
  console.log(description);
  using gpu = await Gpu.request(adapter);
  const interruption = new AbortController();
  Deno.addSignalListener("SIGINT", () => interruption.abort());
  Deno.mkdirSync(CHECKPOINTS, { recursive: true });
  for (const name of waiting) {
    await train(name, { gpu, splits, seed, epochs, signal: interruption.signal });
    if (interruption.signal.aborted) break;
    writeSummary();
  }
  writeSummary();
}

if (import.meta.main) {
  await main();
  Deno.exit(0);
}
