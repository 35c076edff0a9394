/**
 * Options of a server.
 *
 * @module
 */
import type { ListenOptions } from "../host/mod.ts";
import type { BatchingOptions } from "./batcher.ts";
import type { DriftOptions } from "./drift.ts";
import type { LogOptions } from "./request_log.ts";
import type { ScorerOptions } from "./scorer.ts";

/** Options of `serve`. */
export interface ServeOptions extends ListenOptions, ScorerOptions {
  /** Name of the model in addresses. @default the slug of its model function */
  readonly name?: string;
  /** Version of the model. @default {"1"} */
  readonly version?: string;
  /** How requests are put together into batches. */
  readonly batching?: BatchingOptions;
  /** What is taken for drift from training. */
  readonly drift?: DriftOptions;
  /** Where and how served rows are logged; they are not when absent. */
  readonly log?: LogOptions;
  /** Most rows of a request. @default {10000} */
  readonly maxRows?: number;
  /** Most bytes of a request's body, packed and unpacked. @default {16777216} */
  readonly maxBodyBytes?: number;
  /** How long a client may take to send a body, in ms. @default {30000} */
  readonly bodyTimeoutMs?: number;
  /** Most bytes of all headers of a request. @default {16384} */
  readonly maxHeaderBytes?: number;
  /** Text that requests must bring as `Authorization: Bearer <text>`; whether the server lives is told to all. */
  readonly token?: string;
  /** Told of errors that are no client's fault. @default {writes them to the console} */
  readonly onError?: (error: unknown) => void;
}
