/**
 * Options of a server.
 *
 * @module
 */
import type { ListenOptions } from "../host/mod.ts";
import type { Row } from "../data/rows.ts";
import type { Model } from "../model.ts";
import type { BatchingOptions } from "./batcher.ts";
import type { Ranker } from "./ranking.ts";
import type { CanaryPlan } from "./rollout.ts";
import type { DriftOptions } from "./drift.ts";
import type { LogOptions } from "./request_log.ts";
import type { ScorerOptions } from "./scorer.ts";

/** Options of `serve`. */
export interface ServeOptions extends ListenOptions, ScorerOptions {
  /**
   * Serves the protocol over gRPC as well, on a port of its own, 8001 unless told otherwise; its libraries are loaded then.
   * Address, TLS, token and limits are those of HTTP.
   */
  readonly grpc?: { readonly port?: number };
  /** Name of the model in addresses. @default the slug of its model function */
  readonly name?: string;
  /** Version of the model. @default {"1"} */
  readonly version?: string;
  /** Other versions that requests can be moved to, by their numbers. They stay their owner's. */
  readonly versions?: Readonly<Record<string, Model>>;
  /** One of these versions that answers a share of the requests. */
  readonly canary?: CanaryPlan;
  /** One of these versions that gets copies of a share of the requests, to be compared with the answers. */
  readonly shadow?: Omit<CanaryPlan, "by">;
  /** How requests are put together into batches. */
  readonly batching?: BatchingOptions;
  /** Values that columns have whatever requests say, such as a position, whose bias scores are then free of. */
  readonly constants?: Row;
  /** Orders the candidates of `/v1/rank` where a request asks for no exploration. @default {by score} */
  readonly ranker?: Ranker;
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
  /** Told in a line of each change of the versions that answer. @default {writes it to the console} */
  readonly announce?: (line: string) => void;
  /** Told of errors that are no client's fault. @default {writes them to the console} */
  readonly onError?: (error: unknown) => void;
}
