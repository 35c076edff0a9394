/**
 * The worker's side: owns a device and a model, and scores the batches that the server puts into shared memory.
 *
 * The device may be waited for as long as it takes: nothing else runs in this thread.
 *
 * @module
 */
import type { Json } from "../../checkpoint/content.ts";
import type { Gpu } from "../../gpu/device.ts";
import { GpuError } from "../../gpu/error.ts";
import type { AnyFactory } from "../../model/header.ts";
import { Model } from "../../model.ts";
import type { Scorer } from "../scorer.ts";
import { readRows, viewBatch } from "./batch_memory.ts";
import type { FromWorker, ScoreMessage, ToWorker, WorkerTask } from "./messages.ts";

/** The worker's end of the messages. */
interface Port {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
}

/** What the module that a worker starts with brings along. */
export interface HostOptions {
  /** The models that files may hold, by slug. */
  readonly factories: Readonly<Record<string, AnyFactory>>;
  /** Opens the device, and announces what there is to tell of it. */
  readonly openGpu: (options: Json | undefined, announce: (line: string) => void) => Promise<Gpu>;
}

/** What has been opened. */
interface Opened {
  readonly gpu: Gpu;
  readonly model: Model;
  readonly scorer: Scorer;
}

/** Does in a worker what its server asks for; a module that a worker starts with calls this. */
export function hostScorer(options: HostOptions): void {
  // The types are those of a program, not of a worker.
  const port = self as unknown as Port;
  const tell = (message: FromWorker) => port.postMessage(message);
  const memories = new Map<number, SharedArrayBuffer>();
  let opening: Promise<Opened> | undefined;
  // What goes wrong at once ends the worker before it hears the next message; a promise that rejects would do so later.
  port.onmessage = ({ data: message }) => {
    switch (message.kind) {
      case "open":
        opening = open(message.task, options, tell);
        // Whoever waits for it below is told as well.
        opening.catch((error) => tell({ kind: "failed", message: (error as Error).message }));
        return;
      case "score":
        if (message.memory) memories.set(message.slot, message.memory);
        opening!.then((opened) => score(opened, message, memories.get(message.slot)!, tell));
        return;
      case "ping":
        return tell({ kind: "pong" });
      case "close":
        opening!.then(close).then(() => tell({ kind: "closed" }));
        return;
    }
  };
}

async function open(
  { path, batchSizes, processor, deviceOptions }: WorkerTask,
  { factories, openGpu }: HostOptions,
  tell: (message: FromWorker) => void,
): Promise<Opened> {
  const gpu = await openGpu(deviceOptions, (line) => tell({ kind: "announced", line }));
  const model = await Model.load(path, factories, { device: gpu }).catch((error) => {
    gpu.destroy();
    throw error;
  });
  const scorer = await model.scorer({ batchSizes, processor });
  gpu.lost.then(({ message }) => tell({ kind: "failed", message }));
  const { name, options } = model.definition;
  const schema = model.schema.toJSON() as unknown as Json;
  const trained = await model.trainingStatistics();
  const { ways, description } = scorer;
  const opened = { model: { name, options: options as Json }, schema, ways, description, ...(trained && { trained }) };
  tell({ kind: "opened", opened });
  return { gpu, model, scorer };
}

async function score(
  { model: { schema }, scorer }: Opened,
  { slot, rows, counts }: ScoreMessage,
  memory: SharedArrayBuffer,
  tell: (message: FromWorker) => void,
): Promise<void> {
  const views = viewBatch(schema, { rows, counts }, memory);
  try {
    const { probabilities, logits } = await scorer.score(readRows(schema, rows, views));
    views.probabilities.set(probabilities);
    views.logits.set(logits);
    tell({ kind: "scored", slot });
  } catch (error) {
    const { message } = error as Error;
    // A device that has failed once refuses all that follows.
    tell(error instanceof GpuError ? { kind: "failed", message } : { kind: "refused", slot, message });
  }
}

async function close({ gpu, model, scorer }: Opened): Promise<void> {
  await scorer[Symbol.asyncDispose]();
  await model[Symbol.asyncDispose]();
  gpu.destroy();
}
