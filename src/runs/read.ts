/**
 * Reading the folders of training runs.
 *
 * @module
 */
import { isRunOpen, readFolder, readTextIfThere } from "../host/mod.ts";
import { parseEvents, type RunEvent } from "./events.ts";
import { parseRunInfo, RUN_FILES, type RunInfo } from "./info.ts";

/** A run as its folder tells it. */
export interface RecordedRun {
  /** The folder. */
  readonly folder: string;
  /** What the run is and how far it came. */
  readonly info: RunInfo;
  /** What happened, in order. */
  readonly events: readonly RunEvent[];
}

/**
 * Reads what `run.json` of a folder says. A run that says that it is running while no process writes to its folder was
 * killed: it is told as interrupted.
 *
 * @returns nothing when the folder holds no run
 * @throws {SyntaxError | TypeError | RangeError} when the file is damaged or of another version
 */
export async function readRunInfo(folder: string): Promise<RunInfo | undefined> {
  const path = `${folder}/${RUN_FILES.info}`;
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  const info = parseRunInfo(path, text);
  return info.state === "running" && !await isRunOpen(folder) ? { ...info, state: "interrupted" } : info;
}

/**
 * Reads a run from its folder; the run may be going on.
 *
 * @throws {Error} when the folder holds no run
 * @throws {SyntaxError | TypeError | RangeError} when a file is damaged or of another version
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const folder = await Deno.makeTempDir();
 * await assert.rejects(readRun(folder), /it must hold a run.json, received none/);
 * await Deno.remove(folder);
 * ```
 */
export async function readRun(folder: string): Promise<RecordedRun> {
  const info = await readRunInfo(folder);
  if (!info) throw new Error(`Cannot read run "${folder}": it must hold a ${RUN_FILES.info}, received none`);
  const path = `${folder}/${RUN_FILES.metrics}`;
  const { events } = parseEvents(path, await readTextIfThere(path) ?? "");
  return { folder, info, events };
}

/**
 * Finds the folders of runs: the folder itself, or those in it and below, sorted by name.
 *
 * @throws {Error} when the path is no folder
 */
export async function findRuns(folder: string): Promise<string[]> {
  const entries = await readFolder(folder);
  if (!entries) throw new Error(`Cannot find runs in "${folder}": it must be a folder`);
  if (entries.some(({ name }) => name === RUN_FILES.info)) return [folder];
  const below = entries.filter(({ name, isFolder }) => isFolder && !name.startsWith("."));
  const found = await Promise.all(below.map(({ name }) => findRuns(folder === "." ? name : `${folder}/${name}`)));
  return found.flat().sort();
}
