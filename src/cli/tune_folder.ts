/**
 * The folder of a search: its journal, its trials, and the best model.
 *
 * @module
 */
import { join } from "node:path";
import type { Json } from "../checkpoint/canonical_json.ts";
import { replaceFile } from "../files.ts";
import { readTextIfThere } from "../host/mod.ts";
import { RUN_FILES } from "../runs/info.ts";
import { asha, type AshaOptions, noPruning, type Pruner } from "../search/pruner.ts";
import { parseJournal } from "../search/records.ts";
import { grid, random, type Sampler } from "../search/sampler.ts";
import type { SearchSpace } from "../search/space.ts";
import { Study } from "../search/study.ts";
import { tpe, type TpeOptions } from "../search/tpe.ts";
import { UsageError } from "./options.ts";
import type { OptionValue, SearchFile } from "./tune_space.ts";
import { trialFolder } from "./tune_trial.ts";

/** The journal in the folder. */
export const JOURNAL_FILE = "study.log";

/** The model of the best trial in the folder. */
export const BEST_FILE = "best.weft";

/** How a search is done. */
export interface Method {
  /** Chooses parameters. */
  readonly sampler: Sampler;
  /** Ends trials early. */
  readonly pruner: Pruner;
  /** Seed of what the sampler draws. */
  readonly seed: number;
}

/** What the journal says a search was begun with. */
interface Begun {
  readonly space: [string, SearchSpace[string]][];
  readonly direction: SearchFile["direction"];
  readonly sampler: Named;
  readonly pruner: Named;
  readonly seed: number;
  readonly settings: { readonly objective: string; readonly fixed: [string, OptionValue][] };
}

interface Named {
  readonly name: string;
  readonly [option: string]: string | number | undefined;
}

/** Returns what a search depends on beside its space and its method, for the journal. */
export function settingsOf({ objective, fixed }: SearchFile): Json {
  // Pairs, so that the arguments of a search that goes on have the same order.
  return JSON.parse(JSON.stringify({ objective, fixed: Object.entries(fixed) }));
}

/**
 * Reads from the journal of a folder what was searched and how, to go on with it.
 *
 * @throws {UsageError} when the folder holds no search
 */
export async function readBegun(folder: string): Promise<{ file: SearchFile; method: Method }> {
  const path = join(folder, JOURNAL_FILE);
  const text = await readTextIfThere(path);
  const settings = text === undefined
    ? undefined
    : new Study({ records: parseJournal(path, text), append: () => {} }).settings;
  if (settings === undefined) {
    throw new UsageError(`Cannot go on with "${folder}": it must hold a search, received none`);
  }
  const { space, direction, sampler, pruner, seed, settings: { objective, fixed } } = settings as unknown as Begun;
  return {
    file: { space: Object.fromEntries(space), fixed: Object.fromEntries(fixed), objective, direction },
    method: { sampler: makeSampler(sampler), pruner: makePruner(pruner), seed },
  };
}

/** Names of samplers. */
export const SAMPLERS = ["tpe", "random", "grid"] as const;

/** Makes a sampler by its name. */
export function makeSampler({ name, ...options }: Named): Sampler {
  return name === "grid" ? grid() : name === "random" ? random() : tpe(options as TpeOptions);
}

/** Names of pruners. */
export const PRUNERS = ["asha", "none"] as const;

/** Makes a pruner by its name. */
export function makePruner({ name, ...options }: Named): Pruner {
  return name === "none" ? noPruning() : asha(options as AshaOptions);
}

/**
 * Copies the model of a trial, so that there is either the old file or the whole new one.
 *
 * @throws {Error} when there is none, or the copy cannot be written
 */
export async function copyBest(folder: string, number: number): Promise<void> {
  const model = join(trialFolder(folder, number), RUN_FILES.model);
  await replaceFile(join(folder, BEST_FILE), async (file) => {
    using source = await Deno.open(model);
    const buffer = new Uint8Array(1 << 20);
    for (let count = await source.read(buffer); count !== null; count = await source.read(buffer)) {
      for (let done = 0; done < count;) done += await file.write(buffer.subarray(done, count));
    }
  });
}
