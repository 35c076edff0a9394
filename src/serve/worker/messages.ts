/**
 * What a server and the workers that score for it tell each other.
 *
 * @module
 */
import type { Json } from "../../checkpoint/content.ts";
import type { TrainingStatistics } from "../../drift/training_statistics.ts";
import type { ProcessorUse } from "../processor_way.ts";
import type { BatchWay } from "../ways.ts";
import type { BatchSizes } from "./batch_memory.ts";

/** What a worker is to score with. */
export interface WorkerTask {
  /** File of the model. */
  readonly path: string;
  /** Batch sizes to compile. */
  readonly batchSizes?: readonly number[];
  /** Which batches are computed on the processor. */
  readonly processor?: ProcessorUse;
  /** What the worker's module needs to know to open the device. */
  readonly deviceOptions?: Json;
}

/** A batch to score. */
export interface ScoreMessage extends BatchSizes {
  readonly kind: "score";
  /** Number of the memory that holds the rows and takes the scores. */
  readonly slot: number;
  /** The memory, if it is new under its number. */
  readonly memory?: SharedArrayBuffer;
}

/** What a server tells a worker. */
export type ToWorker =
  | { readonly kind: "open"; readonly task: WorkerTask }
  | ScoreMessage
  | { readonly kind: "ping" }
  | { readonly kind: "close" };

/** What a worker says of the model that it has opened. */
export interface OpenedModel {
  /** Slug and options of the model function. */
  readonly model: { readonly name: string; readonly options: Json };
  /** The fitted schema. */
  readonly schema: Json;
  /** Statistics of training, where the file has them. */
  readonly trained?: TrainingStatistics;
  /** Which way batches of each size go, and the same in a line. */
  readonly ways: readonly BatchWay[];
  readonly description: string;
}

/** What a worker tells its server. */
export type FromWorker =
  | { readonly kind: "announced"; readonly line: string }
  | { readonly kind: "opened"; readonly opened: OpenedModel }
  | { readonly kind: "scored"; readonly slot: number }
  /** A batch cannot be scored; others can. */
  | { readonly kind: "refused"; readonly slot: number; readonly message: string }
  /** Nothing can be scored any more. */
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "pong" }
  | { readonly kind: "closed" };

/** The end of a worker's messages that its server has. */
export type WorkerPort = Pick<Worker, "postMessage" | "terminate" | "onmessage" | "onmessageerror" | "onerror">;
