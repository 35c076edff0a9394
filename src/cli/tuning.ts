/**
 * The file of measured kernels that a command uses.
 *
 * @module
 */
import { statIfThere } from "../files.ts";
import type { Gpu } from "../gpu/device.ts";
import type { TuningEvent } from "../kernels/tuner.ts";
import { defaultTuningFile, loadTuning } from "../tuning_file.ts";
import type { OptionGroups, Options } from "./options.ts";
import type { Streams } from "./streams.ts";
import { formatCount } from "./table.ts";

/** Option that names the file. */
export const TUNING_OPTION = {
  tuning: {
    value: "FILE",
    help: "measured kernels to run (default: those of this adapter in weft/tuning.json in the\n" +
      "user's folder for caches); none for those of the least estimated cost",
  },
} as const satisfies OptionGroups[string];

/** A file of measured kernels. */
export interface TuningFile {
  /** Its path; the default one when absent. */
  readonly path?: string;
  /** Whether the command writes it. */
  readonly isWritten: boolean;
}

/**
 * Reads which file a command uses; none where it is to use none.
 *
 * @param isWritten whether the command writes it
 * @throws {UsageError} when a file that is to be written is none
 */
export function readTuning(options: Options<"tuning">, isWritten = false): TuningFile | undefined {
  const path = options.text("tuning");
  if (path !== "none") return { path, isWritten };
  return isWritten ? options.refuse('option "--tuning" must be a file to write to, received "none"') : undefined;
}

/**
 * Lets a device run the kernels that were measured on its adapter, and says so on stderr.
 *
 * @throws {Error} when a file that was named does not exist and is not to be written
 * @throws {SyntaxError} when the file is damaged
 */
export async function applyTuning(
  gpu: Gpu,
  file: TuningFile | undefined,
  streams: Pick<Streams, "err">,
): Promise<void> {
  if (!file) return;
  const { path, isWritten } = file;
  if (path !== undefined && !isWritten && !(await statIfThere(path))) {
    throw new Error(`Cannot read tuning "${path}": the file must exist, received none`);
  }
  const count = await loadTuning(gpu, path);
  if (count > 0) streams.err(`kernels: ${formatCount(count, "measured choice")} from ${path ?? defaultTuningFile()}`);
}

/** Says how far tuning is. */
export function describeTuning({ problems, pass, passes }: TuningEvent): string {
  return `tuning: ${formatCount(problems, "kernel problem")}, pass ${pass} of at most ${passes}`;
}
