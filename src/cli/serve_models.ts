/**
 * Opening the models that `weft serve` answers for: each in a worker of its own, where that is permitted.
 *
 * @module
 */
import { models } from "../../models/mod.ts";
import type { Json } from "../checkpoint/content.ts";
import { Model } from "../model.ts";
import { isGranted } from "../permission.ts";
import type { ModelFile } from "../serve/repository.ts";
import { type OpenOptions, ServedModel } from "../serve/served_model.ts";
import { openGpu } from "./device.ts";
import type { OwnOptions } from "./model_options.ts";
import type { Streams } from "./streams.ts";
import { applyTuning, type TuningFile } from "./tuning.ts";

/** How all models are opened. */
export interface OpeningOptions extends Pick<OpenOptions, "observer"> {
  /** The file of measured kernels; none when absent. */
  readonly tuning: TuningFile | undefined;
}

/** What opens models. */
export interface ModelOpener extends Disposable {
  /** Opens a file. */
  open(file: ModelFile, options: OwnOptions): Promise<ServedModel>;
}

/** What a worker's module is made of, which the worker reads. */
const SOURCES = new URL("../../", import.meta.url);

/**
 * Returns what opens models.
 *
 * @throws {Error} when there is no adapter, or a file of measured kernels does not exist, unless workers open them
 */
export async function createOpener(options: OpeningOptions, streams: Streams): Promise<ModelOpener> {
  if (SOURCES.protocol !== "file:" || isGranted({ name: "read", path: SOURCES })) {
    return openInWorkers(options, streams);
  }
  streams.err(`scores are computed in the server's thread: a worker needs --allow-read=${SOURCES.pathname}`);
  return await openHere(options, streams);
}

function openInWorkers({ tuning, observer }: OpeningOptions, streams: Streams): ModelOpener {
  const spawn = () => new Worker(new URL("./scorer_worker.ts", import.meta.url), { type: "module" });
  const told = new Set<string>();
  // Each worker opens the same device; it is named once.
  const announce = (line: string) => {
    if (!told.has(line)) streams.err(line);
    if (/^(device|kernels): /.test(line)) told.add(line);
  };
  return {
    open: async ({ name, version, path }, options) => {
      const worker = { spawn, path, announce, deviceOptions: tuning as Json | undefined };
      const writtenMs = await writtenAt(path);
      return await ServedModel.openInWorker(worker, { ...options, observer, name, version, writtenMs });
    },
    [Symbol.dispose]: () => {},
  };
}

async function openHere({ tuning, observer }: OpeningOptions, streams: Streams): Promise<ModelOpener> {
  const gpu = await openGpu(streams);
  await applyTuning(gpu, tuning, streams);
  return {
    open: async ({ name, version, path }, options) => {
      const model = await Model.load(path, models, { device: gpu });
      try {
        const writtenMs = await writtenAt(path);
        return await ServedModel.open(model, { ...options, observer, name, version, writtenMs, owned: model });
      } catch (error) {
        await model[Symbol.asyncDispose]();
        throw error;
      }
    },
    [Symbol.dispose]: () => gpu.destroy(),
  };
}

/** When a file was written, in ms since 1970. */
async function writtenAt(path: string): Promise<number | undefined> {
  return (await Deno.stat(path)).mtime?.getTime();
}
