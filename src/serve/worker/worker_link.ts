/**
 * The server's side of one worker, from its start to its end.
 *
 * @module
 */
import type { Dataset } from "../../data/dataset.ts";
import type { FittedSchema } from "../../data/fitted_schema.ts";
import type { Scores } from "../../predictor.ts";
import { threadGone } from "../../thread_end.ts";
import { type BatchSizes, bytesOf, sizesOf, viewBatch, writeRows } from "./batch_memory.ts";
import type { FromWorker, OpenedModel, ToWorker, WorkerPort, WorkerTask } from "./messages.ts";

/** Options of a {@linkcode WorkerLink}. */
export interface WorkerLinkOptions {
  /** How long a worker that has something to do may say nothing, in ms. */
  readonly silenceMs: number;
  /** Told of lines that the worker announces. */
  readonly announce: (line: string) => void;
  /** Told once when the worker has ended other than by {@linkcode WorkerLink.close}, after all its batches are. */
  readonly onEnd: (error: Error) => void;
}

/** A batch that the worker has. */
interface Pending {
  readonly sizes: BatchSizes;
  readonly schema: FittedSchema;
  readonly resolve: (scores: Scores) => void;
  readonly reject: (error: Error) => void;
}

/** Memory that batches go through, one at a time. */
interface Slot {
  memory: SharedArrayBuffer;
  pending: Pending | undefined;
}

/** Least bytes of a batch's memory. */
const LEAST_BYTES = 1 << 14;

/** How often it is looked whether the worker said something, while it may be silent. */
const LOOKS = 3;

/** A worker that scores. */
export class WorkerLink {
  /** Resolves with the model once the worker can score; rejects when it cannot open it. */
  readonly opened: Promise<OpenedModel>;
  readonly #port: WorkerPort;
  readonly #options: WorkerLinkOptions;
  readonly #slots: Slot[] = [];
  readonly #free: number[] = [];
  readonly #opening = Promise.withResolvers<OpenedModel>();
  readonly #closed = Promise.withResolvers<void>();
  readonly #watch: ReturnType<typeof setInterval>;
  #isOpen = false;
  #hasEnded = false;
  #silentLooks = 0;
  #endedMs = -Infinity;

  /** Asks a worker that has just been started to open a model. */
  constructor(port: WorkerPort, task: WorkerTask, options: WorkerLinkOptions) {
    this.#port = port;
    this.#options = options;
    this.opened = this.#opening.promise;
    port.onmessage = ({ data }) => this.#hear(data);
    port.onmessageerror = () => this.#end(new Error("a message of its could not be read"));
    port.onerror = (event) => {
      event.preventDefault();
      this.#end(new Error(event.message));
    };
    this.#watch = setInterval(() => this.#look(), options.silenceMs / LOOKS);
    this.#tell({ kind: "open", task });
  }

  /** Has the worker score a batch. */
  score(schema: FittedSchema, data: Dataset): Promise<Scores> {
    const { promise, resolve, reject } = Promise.withResolvers<Scores>();
    const sizes = sizesOf(data);
    const number = this.#free.pop() ?? this.#slots.push({ memory: new SharedArrayBuffer(0), pending: undefined }) - 1;
    const slot = this.#slots[number];
    const bytes = bytesOf(schema, sizes);
    const isNew = slot.memory.byteLength < bytes;
    if (isNew) slot.memory = new SharedArrayBuffer(2 ** Math.ceil(Math.log2(Math.max(bytes, LEAST_BYTES))));
    writeRows(data, viewBatch(schema, sizes, slot.memory));
    slot.pending = { sizes, schema, resolve, reject };
    this.#tell({ kind: "score", slot: number, ...sizes, ...(isNew && { memory: slot.memory }) });
    return promise;
  }

  /** Ends the worker once it has released its device. */
  async close(): Promise<void> {
    if (this.#hasEnded) return;
    this.#tell({ kind: "close" });
    await this.#closed.promise;
    await this.gone();
  }

  /** Resolves when the thread of a worker that has ended is gone, so that the process can end. */
  gone(): Promise<void> {
    return threadGone(this.#endedMs);
  }

  /** Ends the worker as it is; its batches reject. */
  terminate(): void {
    this.#end(new Error("it was terminated"));
  }

  #tell(message: ToWorker): void {
    this.#port.postMessage(message);
  }

  #hear(message: FromWorker): void {
    if (this.#hasEnded) return;
    this.#silentLooks = 0;
    switch (message.kind) {
      case "announced":
        return this.#options.announce(message.line);
      case "opened":
        this.#isOpen = true;
        return this.#opening.resolve(message.opened);
      case "scored":
        return this.#release(message.slot, ({ schema, sizes, resolve }, memory) => {
          const { probabilities, logits } = viewBatch(schema, sizes, memory);
          resolve({ probabilities: new Float32Array(probabilities), logits: new Float32Array(logits) });
        });
      case "refused":
        return this.#release(message.slot, ({ reject }) => reject(new Error(message.message)));
      case "failed":
        return this.#end(new Error(message.message));
      case "closed":
        return this.#stop();
    }
  }

  #release(number: number, answer: (pending: Pending, memory: SharedArrayBuffer) => void): void {
    const slot = this.#slots[number];
    answer(slot.pending!, slot.memory);
    slot.pending = undefined;
    this.#free.push(number);
  }

  /**
   * Ends a worker that says nothing: one that was terminated tells nobody. Looks are counted instead of time, which goes
   * on while a machine sleeps.
   */
  #look(): void {
    if (!this.#isOpen) return;
    this.#silentLooks++;
    if (this.#silentLooks > LOOKS) this.#end(new Error(`it said nothing for ${this.#options.silenceMs} ms`));
    else this.#tell({ kind: "ping" });
  }

  #end(error: Error): void {
    if (this.#hasEnded) return;
    this.#stop();
    this.#opening.reject(error);
    for (const { pending } of this.#slots) pending?.reject(error);
    this.#options.onEnd(error);
  }

  #stop(): void {
    this.#hasEnded = true;
    this.#endedMs = performance.now();
    clearInterval(this.#watch);
    this.#port.terminate();
    this.#closed.resolve();
  }
}
