/**
 * `weft train --run`: the folder that a run is kept in.
 *
 * @module
 */
import { isRunOpen, readTextIfThere } from "../host/mod.ts";
import { placesIn } from "../runs/fit.ts";
import { RUN_FILES } from "../runs/info.ts";
import { requireRunState } from "../runs/writer.ts";
import type { OptionGroups, Options } from "./options.ts";

/** Options that keep a run in a folder. */
export const RECORD_OPTIONS = {
  run: {
    value: "FOLDER",
    help: "keep the run in this folder: run.json, metrics.jsonl, events for TensorBoard,\n" +
      "checkpoint.weft, model.weft and schema.json",
  },
  continue: { help: "go on with the unfinished run in the folder of --run, with the other options as they were" },
  tensorboard: {
    value: "HOW",
    help: "yes (default) writes events that TensorBoard shows into the folder of --run; no",
  },
} as const satisfies OptionGroups[string];

/** The folder that a run is kept in. */
export interface RunRecord {
  /** Its path. */
  readonly folder: string;
  /** Whether the run that it holds goes on. */
  readonly isContinued: boolean;
  /** Whether to write events for TensorBoard. */
  readonly tensorboard: boolean;
  /** Arguments of the command. */
  readonly command: readonly string[];
  /** Checkpoint that the run writes. */
  readonly checkpoint: string;
  /** Checkpoint that it goes on from, where there is one. */
  readonly resume: string | undefined;
}

/**
 * Reads where a run is kept.
 *
 * @param command arguments of the command, its name first
 * @throws {Error} when the folder holds a run, or to go on: none or a finished one, or another process writes to it
 */
export async function readRecord(
  options: Options<keyof typeof RECORD_OPTIONS | "checkpoint" | "resume">,
  command: readonly string[],
): Promise<RunRecord | undefined> {
  options.require("run", ["continue", "tensorboard"]);
  options.exclude("continue", ["resume"]);
  const tensorboard = options.choice("tensorboard", ["yes", "no"]) !== "no";
  const folder = options.text("run");
  if (folder === undefined) return undefined;
  const isContinued = options.has("continue");
  if (await isRunOpen(folder)) throw new Error(`Cannot write run "${folder}": another process writes to it`);
  requireRunState(folder, await readTextIfThere(`${folder}/${RUN_FILES.info}`), isContinued);
  const path = options.text("checkpoint");
  const { checkpoint, resume } = await placesIn(
    folder,
    { checkpoint: path === undefined ? undefined : { path }, resume: options.text("resume") },
    isContinued,
  );
  return {
    folder,
    isContinued,
    tensorboard,
    command: command.filter((argument) => argument !== "--continue"),
    checkpoint: checkpoint.path,
    resume,
  };
}
