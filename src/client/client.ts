/**
 * A client of servers that speak the Open Inference Protocol, and of Weft's own addresses.
 *
 * @module
 */
import type {
  ModelConfig,
  ModelMetadata,
  ModelStatistics,
  Prediction,
  Ranking,
  RepositoryEntry,
  Row,
  ServerMetadata,
} from "./answers.ts";
import { ServerError } from "./error.ts";
import { decodeInfer, encodeInfer, type InferAnswer, type InferOptions } from "./infer.ts";
import type { Inputs } from "./inputs.ts";
import { type ClientOptions, Transport } from "./transport.ts";

/** Options of any call. */
export interface CallOptions {
  /** Ends the call; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** Options of a call about a model. */
export interface ModelCallOptions extends CallOptions {
  /** Version of the model. @default {the highest} */
  readonly version?: string;
}

/** Options of a call with rows. */
export interface RowCallOptions extends ModelCallOptions {
  /** Name of the model. @default {the only one that is served} */
  readonly model?: string;
}

/** Options of {@linkcode Client.rank}. */
export interface RankOptions extends RowCallOptions {
  /** How many of the best come back. @default {all} */
  readonly top?: number;
  /** Label whose scores decide. @default {the first one} */
  readonly task?: string;
}

/**
 * Asks a server.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { categorical, lr, Model, readRows, serve } from "../../mod.ts";
 * import { Client } from "./mod.ts";
 *
 * const rows = Array.from({ length: 64 }, (_, r) => ({ click: r % 2, user: `u${r % 4}` }));
 * const data = readRows(rows, { label: "click", features: [categorical("user")] });
 * await using model = await Model.create(lr(), data.schema);
 * await using server = await serve(model, { port: 0, batchSizes: [8] });
 *
 * const client = new Client(server.url, { retries: 2 });
 * const answer = await client.infer("lr", { user: ["u1", "u2"] });
 * const { scores } = await client.predict([{ user: "u1" }, { user: "u2" }]);
 * assert.deepEqual([...answer.floats("score")], scores);
 * const { results } = await client.rank({}, [{ user: "u1" }, { user: "u2" }], { top: 1 });
 * assert.equal(results[0].score, Math.max(...scores));
 * ```
 */
export class Client {
  readonly #transport: Transport;

  /** Asks the server at `url`, such as `http://localhost:8000`. */
  constructor(url: string | URL, options: ClientOptions = {}) {
    this.#transport = new Transport(url, options);
  }

  /** Tells whether the server lives. */
  live(options: CallOptions = {}): Promise<boolean> {
    return this.#isOk("/v2/health/live", options);
  }

  /** Tells whether the server, or a model of it, answers requests for inference. */
  ready(model?: string, options: ModelCallOptions = {}): Promise<boolean> {
    return this.#isOk(model === undefined ? "/v2/health/ready" : `${pathOf(model, options)}/ready`, options);
  }

  /** Returns the server's description of itself. */
  metadata(options?: CallOptions): Promise<ServerMetadata>;
  /**
   * Returns a model's description of itself.
   *
   * @throws {ServerError} when it is not served
   */
  metadata(model: string, options?: ModelCallOptions): Promise<ModelMetadata>;
  metadata(
    model: string | CallOptions = {},
    options: ModelCallOptions = {},
  ): Promise<ServerMetadata | ModelMetadata> {
    if (typeof model !== "string") return this.#get("/v2", model);
    return this.#get(pathOf(model, options), options);
  }

  /** Returns the names of the models. */
  async models(options: CallOptions = {}): Promise<readonly string[]> {
    return (await this.#get<{ models: readonly string[] }>("/v2/models", options)).models;
  }

  /** Returns a model's configuration. */
  config(model: string, options: ModelCallOptions = {}): Promise<ModelConfig> {
    return this.#get(`${pathOf(model, options)}/config`, options);
  }

  /** Returns counts and times of a model, or of all models. */
  async statistics(model?: string, options: ModelCallOptions = {}): Promise<readonly ModelStatistics[]> {
    const path = model === undefined ? "/v2/models" : pathOf(model, options);
    const answer = await this.#get<{ model_stats: readonly ModelStatistics[] }>(`${path}/stats`, options);
    return answer.model_stats;
  }

  /**
   * Scores rows by the Open Inference Protocol.
   *
   * @throws {ServerError} when the server refuses the request, for which `status` says the reason
   * @throws {ConnectionError} when there is no answer in time
   */
  infer(model: string, inputs: Inputs, options: InferOptions & ModelCallOptions = {}): Promise<InferAnswer> {
    const { body, headers } = encodeInfer(inputs, options);
    const path = `${pathOf(model, options)}/infer`;
    return this.#transport.send({ path, body, headers, signal: options.signal }, decodeInfer);
  }

  /**
   * Scores rows. `L` names the labels where a model has several.
   *
   * @throws {ServerError} when the server refuses the request; the message names row and field
   * @throws {ConnectionError} when there is no answer in time
   */
  predict<L extends string = never>(rows: readonly Row[], options: RowCallOptions = {}): Promise<Prediction<L>> {
    const { model, version } = options;
    return this.#post("/v1/predict", { model, version, rows }, options);
  }

  /**
   * Ranks candidates in a context, whose columns all of them share.
   *
   * @throws {ServerError} when the server refuses the request; the message names candidate and field
   * @throws {ConnectionError} when there is no answer in time
   */
  rank(context: Row, candidates: readonly Row[], options: RankOptions = {}): Promise<Ranking> {
    const { model, version, top, task } = options;
    return this.#post("/v1/rank", { model, version, context, candidates, top, task }, options);
  }

  /** Lists the models of the server's repository; only those that are served, where asked to. */
  repository({ ready = false, ...options }: CallOptions & { readonly ready?: boolean } = {}): Promise<
    readonly RepositoryEntry[]
  > {
    return this.#post("/v2/repository/index", { ready }, options);
  }

  /**
   * Has the server read a model's highest version anew.
   *
   * @throws {ServerError} when it cannot; the model before it is still served
   */
  async load(model: string, options: CallOptions = {}): Promise<void> {
    await this.#post(`/v2/repository/models/${encodeURIComponent(model)}/load`, {}, options);
  }

  /** Has the server no longer serve a model. */
  async unload(model: string, options: CallOptions = {}): Promise<void> {
    await this.#post(`/v2/repository/models/${encodeURIComponent(model)}/unload`, {}, options);
  }

  async #isOk(path: string, { signal }: CallOptions): Promise<boolean> {
    try {
      return await this.#transport.send({ path, signal, isAskedOnce: true }, () => Promise.resolve(true));
    } catch (error) {
      // Servers say that they are not ready by one of these.
      if (error instanceof ServerError && [400, 404, 503].includes(error.status)) return false;
      throw error;
    }
  }

  #get<T>(path: string, { signal }: CallOptions): Promise<T> {
    return this.#transport.send({ path, signal }, (response) => response.json());
  }

  #post<T>(path: string, value: unknown, { signal }: CallOptions): Promise<T> {
    const body = new TextEncoder().encode(JSON.stringify(value));
    const headers = { "content-type": "application/json" };
    // Other servers answer a change of their repository with nothing.
    const read = async (response: Response) => JSON.parse(await response.text() || "{}");
    return this.#transport.send({ path, body, headers, signal }, read);
  }
}

function pathOf(model: string, { version }: ModelCallOptions): string {
  return `/v2/models/${encodeURIComponent(model)}${version === undefined ? "" : `/versions/${version}`}`;
}
