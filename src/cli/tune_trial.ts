/**
 * Trials of `weft tune`: each a process that trains in a folder of its own.
 *
 * @module
 */
import { join } from "node:path";
import { statIfThere } from "../files.ts";
import { isRunOpen, readTextIfThere } from "../host/mod.ts";
import { type EvaluationEvent, finiteMetrics, parseEvents, type RunEvent } from "../runs/events.ts";
import { RUN_FILES, type RunInfo } from "../runs/info.ts";
import { readRunInfo } from "../runs/read.ts";
import type { Trial } from "../search/trial.ts";
import { type SearchFile, trainArguments } from "./tune_space.ts";

/** What the process of a trial says, in its folder. */
const LOG = "log.txt";

/** Milliseconds between looks at what a trial has written. */
const POLL_MS = 100;

/** Returns the folder of a trial. */
export function trialFolder(folder: string, number: number): string {
  return join(folder, "trials", String(number).padStart(4, "0"));
}

/**
 * Trains with the parameters of a trial and reports each epoch. A folder with an unfinished run is gone on with.
 *
 * @param folder the folder of the search
 * @returns the objective of the model that is kept
 * @throws {Error} when the training fails, with its message, or gives no such metric
 */
export async function runTrial(trial: Trial, file: SearchFile, folder: string): Promise<number> {
  const path = trialFolder(folder, trial.number);
  await Deno.mkdir(path, { recursive: true });
  // The process of a search that was killed may still save its checkpoint.
  while (await isRunOpen(path)) await delay(POLL_MS);
  const before = await readRunInfo(path);
  const report = new Reporter(trial, file.objective, path);
  if (before?.state === "finished") await report.look();
  else await train(trial, trainingOf(file, trial, path, before !== undefined), report);
  if (trial.signal.aborted) return NaN;
  const { [file.objective]: value } = report.kept(await readRunInfo(path));
  if (value !== undefined) return value;
  throw new Error(`Cannot compare trial ${trial.number}: its evaluations have no ${file.objective}`);
}

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Returns the arguments of the process of a trial. */
function trainingOf(file: SearchFile, { params }: Trial, path: string, isContinued: boolean): string[] {
  const args = ["train", ...trainArguments(file, params), "--run", path, ...(isContinued ? ["--continue"] : [])];
  return ["run", "-A", new URL("./trial.ts", import.meta.url).href, join(path, LOG), ...args];
}

/** Runs the process of a trial, which the end of its input stops, and reports meanwhile. */
async function train(trial: Trial, args: string[], report: Reporter): Promise<void> {
  const streams = { stdin: "piped", stdout: "null", stderr: "piped" } as const;
  const child = new Deno.Command(Deno.execPath(), { args, env: { NO_COLOR: "1" }, ...streams }).spawn();
  const log = join(report.path, LOG);
  const errors = drain(child.stderr, log);
  let isStopped = false;
  const stop = (): void => {
    if (isStopped) return;
    isStopped = true;
    // The input of a process that has ended is closed already.
    child.stdin.close().catch(() => {});
  };
  trial.signal.addEventListener("abort", stop);
  let hasEnded = false;
  const status = child.status.finally(() => hasEnded = true);
  try {
    if (trial.signal.aborted) stop();
    // The last look comes when all is written.
    for (let isLast = false; !isLast;) {
      isLast = hasEnded;
      await report.look();
      if (!isLast) await Promise.race([status, delay(POLL_MS)]);
    }
  } finally {
    trial.signal.removeEventListener("abort", stop);
    stop();
    await Promise.all([status, errors]);
  }
  const { success, code, signal } = await status;
  if (success || trial.signal.aborted) return;
  if (signal) throw new Error(`the process of the trial was ended by ${signal}`);
  throw new Error(
    (await readRunInfo(report.path))?.error ?? await lastLine(log) ?? `the process ended with code ${code}`,
  );
}

/** Reports the epochs of a run as they are written to its folder. */
class Reporter {
  /** The folder of the run. */
  readonly path: string;
  readonly #trial: Trial;
  readonly #metric: string;
  /** Bytes of the lines that were read. */
  #end = 0;
  #reported = 0;
  #last: EvaluationEvent | undefined;

  constructor(trial: Trial, metric: string, path: string) {
    this.#trial = trial;
    this.#metric = metric;
    this.path = path;
  }

  /** Reports what was written since the last look, up to the epoch after which the trial is to stop. */
  async look(): Promise<void> {
    const events = await this.#readOn();
    const epochs = events.filter((event): event is EvaluationEvent => event.kind === "epoch");
    if (epochs.length === 0) return;
    this.#last = epochs.at(-1);
    const planned = (await readRunInfo(this.path))?.training?.epochs;
    for (const { epoch, metrics } of epochs) {
      if (epoch <= this.#reported || this.#trial.signal.aborted) continue;
      this.#reported = epoch;
      const value = metrics[this.#metric];
      if (value !== undefined) this.#trial.report(epoch, value, epoch === planned);
    }
  }

  /** Reads the lines behind those that were read. */
  async #readOn(): Promise<readonly RunEvent[]> {
    const path = join(this.path, RUN_FILES.metrics);
    if (!await statIfThere(path)) return [];
    using file = await Deno.open(path);
    const first = Math.max(0, this.#end - 1);
    let bytes = await readFrom(file, first);
    // A run that goes on drops the lines behind its checkpoint: then no line needs to end where one did.
    if (this.#end > 0 && bytes[0] !== NEW_LINE) {
      this.#end = 0;
      bytes = await readFrom(file, 0);
    } else bytes = bytes.subarray(this.#end - first);
    const lines = bytes.subarray(0, bytes.lastIndexOf(NEW_LINE) + 1);
    this.#end += lines.length;
    return parseEvents(path, new TextDecoder().decode(lines)).events;
  }

  /** Returns the metrics of the model that is kept: the best one, or the last one where none is best. */
  kept(info: RunInfo | undefined): Readonly<Record<string, number>> {
    return info?.best ? finiteMetrics(info.best) : this.#last?.metrics ?? {};
  }
}

const NEW_LINE = 0x0a;

async function readFrom(file: Deno.FsFile, start: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(0, (await file.stat()).size - start));
  await file.seek(start, Deno.SeekMode.Start);
  let done = 0;
  for (let count = 1; done < bytes.length && count > 0; done += count) {
    count = await file.read(bytes.subarray(done)) ?? 0;
  }
  return bytes.subarray(0, done);
}

/** Keeps what a process says beside its messages, such as the words of a driver. */
async function drain(stream: ReadableStream<Uint8Array>, path: string): Promise<void> {
  using file = await Deno.open(path, { create: true, append: true });
  for await (const part of stream) {
    for (let done = 0; done < part.length;) done += await file.write(part.subarray(done));
  }
}

async function lastLine(path: string): Promise<string | undefined> {
  const text = await readTextIfThere(path) ?? "";
  return text.trimEnd().split("\n").at(-1) || undefined;
}
