/**
 * Opening the models that `weft serve` answers for: each in a worker of its own, where that is permitted.
 *
 * @module
 */
import { models } from "../../models/mod.ts";
import type { Json } from "../checkpoint/content.ts";
import { Model } from "../model.ts";
import type { AdapterOptions } from "../host/adapter_types.ts";
import { isGranted } from "../permission.ts";
import type { ModelFile } from "../serve/repository.ts";
import { type OpenOptions, ServedModel } from "../serve/served_model.ts";
import type { WorkerPort } from "../serve/worker/messages.ts";
import { threadGone } from "../thread_end.ts";
import { openGpu } from "./device.ts";
import type { OwnOptions } from "./model_options.ts";
import type { Streams } from "./streams.ts";
import { applyTuning, type TuningFile } from "./tuning.ts";

/** How all models are opened. */
export interface OpeningOptions extends Pick<OpenOptions, "constants" | "observer"> {
  /** The file of measured kernels; none when absent. */
  readonly tuning: TuningFile | undefined;
  /** Whose WebGPU is used. */
  readonly backend?: AdapterOptions["backend"];
}

/** What opens models. */
export interface ModelOpener extends AsyncDisposable {
  /** Opens a file. */
  open(file: ModelFile, options: OwnOptions): Promise<ServedModel>;
  /** Prepares for the end of the process: models that are closed from now on have nothing to be replaced by. */
  beginToEnd(): void;
}

/** How long drivers take at most to free what a thread had, in ms. */
const THREAD_END_MS = 1000;

/**
 * The threads that score.
 *
 * Graphics drivers free a thread's data as that thread ends and once more as the process ends; where the two meet, the
 * process breaks down. So no thread ends any more once the process is about to: it is left to wait for messages.
 */
class Threads {
  #isKept = false;
  #endedMs = -Infinity;

  /** Starts a thread. */
  spawn(): WorkerPort {
    const worker = new Worker(new URL("./scorer_worker.ts", import.meta.url), { type: "module" });
    const terminate = worker.terminate.bind(worker);
    worker.terminate = () => {
      if (this.#isKept) return;
      this.#endedMs = performance.now();
      terminate();
    };
    return worker;
  }

  /** Leaves threads be from now on. */
  keep(): void {
    this.#isKept = true;
  }

  /** Waits until the threads that were ended before are gone. */
  gone(): Promise<void> {
    return threadGone(this.#endedMs, THREAD_END_MS);
  }
}

/** What a worker's module is made of, which the worker reads. */
const SOURCES = new URL("../../", import.meta.url);

/**
 * Returns what opens models.
 *
 * @throws {Error} when there is no adapter, or a file of measured kernels does not exist, unless workers open them
 */
export async function createOpener(options: OpeningOptions, streams: Streams): Promise<ModelOpener> {
  // Dawn is an addon that keeps to one thread.
  if (options.backend === "dawn") return await openHere(options, streams);
  if (SOURCES.protocol !== "file:" || isGranted({ name: "read", path: SOURCES })) {
    return openInWorkers(options, streams);
  }
  streams.err(`scores are computed in the server's thread: a worker needs --allow-read=${SOURCES.pathname}`);
  return await openHere(options, streams);
}

function openInWorkers({ tuning, backend: _backend, ...more }: OpeningOptions, streams: Streams): ModelOpener {
  const threads = new Threads();
  const told = new Set<string>();
  // Each worker opens the same device; it is named once.
  const announce = (line: string) => {
    if (!told.has(line)) streams.err(line);
    if (/^(device|kernels): /.test(line)) told.add(line);
  };
  return {
    open: async ({ name, version, path }, options) => {
      const worker = { spawn: () => threads.spawn(), path, announce, deviceOptions: tuning as Json | undefined };
      const writtenMs = await writtenAt(path);
      return await ServedModel.openInWorker(worker, { ...options, ...more, name, version, writtenMs });
    },
    beginToEnd: () => threads.keep(),
    [Symbol.asyncDispose]: () => threads.gone(),
  };
}

async function openHere({ tuning, backend, ...more }: OpeningOptions, streams: Streams): Promise<ModelOpener> {
  const gpu = await openGpu(streams, backend);
  await applyTuning(gpu, tuning, streams);
  return {
    open: async ({ name, version, path }, options) => {
      const model = await Model.load(path, models, { device: gpu });
      try {
        const writtenMs = await writtenAt(path);
        return await ServedModel.open(model, { ...options, ...more, name, version, writtenMs, owned: model });
      } catch (error) {
        await model[Symbol.asyncDispose]();
        throw error;
      }
    },
    beginToEnd: () => {},
    [Symbol.asyncDispose]: () => Promise.resolve(gpu.destroy()),
  };
}

/** When a file was written, in ms since 1970. */
async function writtenAt(path: string): Promise<number | undefined> {
  return (await Deno.stat(path)).mtime?.getTime();
}
