/**
 * Recording a training in its folder while it runs.
 *
 * @module
 */
import type { Evaluation } from "../metrics.ts";
import type { EpochReport, FitOptions, History, ProgressEvent } from "../trainer/options.ts";
import { describeStart, type RunSubject } from "./describe.ts";
import { EventFile } from "./event_file.ts";
import { type EvaluationEvent, finiteMetrics, type RunEvent } from "./events.ts";
import { RUN_FILES, type RunInfo } from "./info.ts";
import { StepMeans } from "./step_means.ts";
import { RunWriter } from "./writer.ts";

/** Where a training is recorded, and how. */
export interface RecordOptions extends RunSubject {
  /** The folder. */
  readonly folder: string;
  /** Whether to go on with the run that it holds. */
  readonly isContinued: boolean;
  /** Whether to write events for TensorBoard. @default {true} */
  readonly tensorboard?: boolean;
}

/** Writes what a training tells to its folder. */
export class RunRecorder implements AsyncDisposable {
  readonly #writer: RunWriter;
  readonly #isResumed: boolean;
  readonly #began = performance.now();
  readonly #eventFile: EventFile | undefined;
  readonly #means = new StepMeans();
  /** Seconds of earlier parts of the run. */
  #earlier = 0;
  #hasBegun = false;
  /** Steps of an epoch. */
  #steps = 0;

  private constructor(writer: RunWriter, eventFile: EventFile | undefined, isResumed: boolean) {
    this.#writer = writer;
    this.#eventFile = eventFile;
    this.#isResumed = isResumed;
    if (isResumed) this.#earlier = secondsBehind(writer.events);
  }

  /**
   * Starts to record.
   *
   * @throws {Error} when the folder cannot be written or another process writes to it, when it holds a run, or to go on:
   * when it holds none or a finished one
   */
  static async start(options: RecordOptions): Promise<RunRecorder> {
    const { folder, isContinued, tensorboard = true, fit: { resume } } = options;
    const info = await describeStart(options);
    const writer = isContinued ? await RunWriter.resume(folder) : await RunWriter.start(folder, info);
    try {
      if (isContinued) writer.update(infoOfPart(info, writer.info, resume !== undefined));
      const declared = options.model.schema.declared();
      await writer.files.replace(RUN_FILES.schema, `${JSON.stringify(declared, null, 2)}\n`);
      const started = Date.parse(writer.info.started) / 1000;
      const eventFile = tensorboard ? await EventFile.create(writer.files, started) : undefined;
      return new RunRecorder(writer, eventFile, isContinued && resume !== undefined);
    } catch (error) {
      await writer[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Returns options that tell this recorder what happens, and whom they told before. */
  follow(options: FitOptions): FitOptions {
    return {
      ...options,
      onPlan: (plan) => {
        const { kernels, dispatches, longestChain, arenaBytes, peakBytes, tensorBytes } = plan;
        this.#writer.update({ kernels, plan: { dispatches, longestChain, arenaBytes, peakBytes, tensorBytes } });
        options.onPlan?.(plan);
      },
      onProgress: (event) => {
        this.#progress(event);
        options.onProgress?.(event);
      },
      onEvaluation: (report) => {
        this.#evaluation("evaluation", report, report.step);
        options.onEvaluation?.(report);
      },
      onEpoch: (report) => {
        this.#evaluation("epoch", report, report.epoch * this.#steps);
        this.#writer.update({ epochs: report.epoch });
        options.onEpoch?.(report);
      },
    };
  }

  /** Ends with a model that is trained. */
  async finish({ bestEpoch, bestMetrics }: History, test?: Evaluation): Promise<void> {
    this.#begin(Infinity);
    if (test) this.#append({ kind: "test", metrics: finiteMetrics(test) });
    const kept = bestMetrics ? { best: bestMetrics } : {};
    await this.#end({ state: "finished", ...(bestEpoch > 0 && { bestEpoch }), ...kept, ...(test && { test }) });
  }

  /** Ends with a training that can go on. */
  async interrupt(): Promise<void> {
    await this.#end({ state: "interrupted" });
  }

  /** Ends with why the training failed. */
  async fail(error: unknown): Promise<void> {
    await this.#end({ state: "failed", error: error instanceof Error ? error.message : String(error) });
  }

  /** Lets other processes write to the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#eventFile?.[Symbol.dispose]();
    await this.#writer[Symbol.asyncDispose]();
  }

  get #seconds(): number {
    return round(this.#earlier + (performance.now() - this.#began) / 1000);
  }

  /** Takes up what happened until a step: what is told from here on happens after it. */
  #begin(step: number): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#writer.dropAfter(this.#isResumed ? step : -1);
    const { events } = this.#writer;
    this.#earlier = secondsBehind(events);
    for (const event of events) this.#eventFile?.append(event);
  }

  #progress({ epoch, step: position, steps, recent }: ProgressEvent): void {
    this.#steps = steps;
    this.#begin((epoch - 1) * steps + position);
    const seconds = this.#seconds;
    for (const { step, loss, lr } of this.#means.take(recent, steps)) {
      this.#append({ kind: "step", epoch, step, seconds, loss, lr });
    }
  }

  #evaluation(kind: EvaluationEvent["kind"], report: Partial<EpochReport> & Told, step: number): void {
    const { epoch, loss, lr, validation, improved, rowsPerSecond } = report;
    const seconds = this.#seconds;
    this.#append({
      kind,
      epoch,
      step,
      seconds,
      ...(Number.isFinite(loss) && { loss }),
      lr,
      metrics: finiteMetrics(validation),
      improved,
      ...(rowsPerSecond !== undefined && { rowsPerSecond: Math.round(rowsPerSecond) }),
    });
    this.#writer.update({ seconds, ...(improved && { bestEpoch: epoch, best: validation }) });
  }

  #append(event: RunEvent): void {
    this.#writer.append(event);
    this.#eventFile?.append(event);
  }

  async #end(change: Partial<RunInfo>): Promise<void> {
    this.#writer.update({ ...change, ended: new Date().toISOString(), seconds: this.#seconds });
    await this.#writer.flush();
  }
}

/** What both reports of evaluations tell. */
type Told = Pick<EpochReport, "epoch" | "loss" | "lr" | "validation" | "improved">;

/** What a run that goes on says: what it is told to be, and how far it came where there is a checkpoint. */
function infoOfPart(info: RunInfo, before: RunInfo, isResumed: boolean): RunInfo {
  const { started, epochs, bestEpoch, best, plan, kernels } = before;
  const progress = isResumed ? { epochs, bestEpoch, best, plan, kernels } : { bestEpoch: undefined, best: undefined };
  return { ...info, started, ...progress };
}

function secondsBehind(events: readonly RunEvent[]): number {
  return events.findLast((event) => event.kind !== "test")?.seconds ?? 0;
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
