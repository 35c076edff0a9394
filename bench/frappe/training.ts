/**
 * Trains one model on Frappe by its recipe, with a log and a checkpoint.
 *
 * @module
 */
import type { Gpu } from "../../src/gpu/device.ts";
import { Model } from "../../src/model.ts";
import { adam } from "../../src/optimizer.ts";
import type { FitOptions, History } from "../../src/trainer/options.ts";
import type { Splits } from "./data.ts";
import { formatEpoch, formatResult, parseLog, type Result, secondsPerEpoch } from "./log.ts";
import { EPOCHS, PATIENCE, type Recipe } from "./recipe.ts";

/** What all trainings of a session share. */
export interface Session {
  readonly gpu: Gpu;
  readonly splits: Splits;
  readonly seed: number;
  /** Epochs at most instead of the recipe's; a training that is not over then can go on later. */
  readonly epochs?: number;
  /** Folder of logs. */
  readonly results: string;
  /** Folder of checkpoints. */
  readonly checkpoints: string;
  readonly signal: AbortSignal;
  /** Told each line of the log. */
  readonly print: (line: string) => void;
}

/** Returns where a model's log is. */
export function logPath(results: string, name: string): string {
  return `${results}/frappe-${name}.log`;
}

/** Returns where a training's checkpoint is until it is over. */
export function checkpointPath(checkpoints: string, name: string, seed: number): string {
  return `${checkpoints}/frappe-${name}-${seed}.weft`;
}

/** Reads a text file, empty when it is missing. */
export function readTextIfThere(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/** Returns whether there is a file. */
export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Trains a model from its checkpoint or afresh, then tests it.
 *
 * @returns the result, or nothing when training is not over
 * @throws {RangeError} when the model has not the recipe's number of parameters
 */
export async function trainByRecipe(name: string, recipe: Recipe, session: Session): Promise<Result | undefined> {
  const { gpu, splits, seed, results, checkpoints } = session;
  const { definition, l2, parameters } = recipe;
  const log = (line: string): void => {
    session.print(line);
    Deno.writeTextFileSync(logPath(results, name), `${line}\n`, { append: true });
  };
  await using model = await Model.create(definition, splits.training.schema, { seed, device: gpu });
  if (model.parameterCount !== parameters) {
    throw new RangeError(
      `Cannot train ${name}: it must have ${parameters} parameters, received ${model.parameterCount}`,
    );
  }
  const path = checkpointPath(checkpoints, name, seed);
  const resume = isFile(path) ? path : undefined;
  log(
    `${resume ? "resumed" : "started"} ${new Date().toISOString()}  ${name}  seed ${seed}  ` +
      `${gpu.adapter.description}  Deno ${Deno.version.deno}  ` +
      `${definition.name} ${JSON.stringify(definition.options)}  l2 ${JSON.stringify(l2)}`,
  );
  log(`parameters ${parameters.toLocaleString("en")}`);
  const history = await model.fit(splits.training, {
    ...fitOptions(recipe, session),
    checkpoint: { path },
    resume,
    onEpoch: (report) => log(formatEpoch(report)),
  });
  const run = parseLog(readTextIfThere(logPath(results, name))).at(-1)!;
  const trained = Math.max(0, ...run.seconds.keys());
  if (!isOver(history, trained, recipe)) return void log(`paused after epoch ${trained}; the same command goes on`);
  const result: Result = {
    model: name,
    seed,
    parameters,
    epochs: trained,
    ended: history.ended,
    bestEpoch: history.bestEpoch,
    validation: await model.evaluate(splits.validation),
    test: await model.evaluate(splits.test),
    secondsPerEpoch: secondsPerEpoch(run),
    adapter: gpu.adapter.description,
  };
  log(`ended: ${result.ended}  best epoch ${result.bestEpoch}`);
  log(`test auc ${result.test.auc.toFixed(6)}  logloss ${result.test.logloss.toFixed(6)}`);
  log(formatResult(result));
  Deno.removeSync(path);
  return result;
}

function fitOptions({ l2, epochs, patience }: Recipe, session: Session): FitOptions {
  return {
    validation: session.splits.validation,
    epochs: session.epochs ?? epochs ?? EPOCHS,
    batchSize: 4096,
    optimizer: adam({ lr: 1e-3, embeddingUpdate: "dense" }),
    l2,
    clipNorm: 10,
    initialBias: "keep",
    unseenShare: 0,
    earlyStopping: { monitor: "auc", patience: patience ?? PATIENCE },
    signal: session.signal,
  };
}

function isOver({ ended }: History, trained: number, { epochs }: Recipe): boolean {
  return ended === "early stopping" || (ended === "epochs" && trained >= (epochs ?? EPOCHS));
}
