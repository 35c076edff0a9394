/**
 * A server of models.
 *
 * @module
 */
import { listen, type ListenOptions } from "../host/mod.ts";
import type { Model } from "../model.ts";
import { createHandler, type HandlerOptions } from "./handler.ts";
import { Monitoring } from "./monitoring.ts";
import type { ServeOptions } from "./options.ts";
import { ServedModel } from "./served_model.ts";
import { Service } from "./service.ts";

/** Options of a server, whatever it serves. */
export type ServerOptions = ListenOptions & Omit<HandlerOptions, "isStopping" | "givesIds" | "complaints"> & {
  /** Watches over the requests; disposed of when the server has stopped. */
  readonly monitoring?: Monitoring;
};

/** A server that runs. */
export interface Server extends AsyncDisposable {
  /** Where it listens, such as `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Port that it listens on. */
  readonly port: number;
  /** Resolves once the server has stopped. */
  readonly finished: Promise<void>;
  /** Refuses new connections, answers the requests that are there, and stops. */
  shutdown(): Promise<void>;
}

/**
 * Serves a model over HTTP: by the Open Inference Protocol under `/v2`, and by rows as JSON under `/v1`.
 *
 * Scores of small batches, which the processor may compute, are within 1e-6 of those that `predict` returns; with
 * `processor: "never"` all have the same bits. The model stays its owner's, who disposes of it after the server. It may be trained meanwhile: each batch sees the
 * parameters of one moment.
 *
 * @throws {RangeError} when an option is out of its range
 * @throws {GpuError} when the device has too little memory
 * @throws {Error} when the address cannot be listened on
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { categorical, lr, Model, readRows, serve } from "../../mod.ts";
 *
 * const rows = Array.from({ length: 64 }, (_, r) => ({ click: r % 2, user: r % 4 }));
 * const data = readRows(rows, { label: "click", features: [categorical("user")] });
 * await using model = await Model.create(lr(), data.schema);
 * await using server = await serve(model, { port: 0, batchSizes: [1, 8], processor: "never" });
 * const body = JSON.stringify({ rows: [{ user: 1 }, { user: 2 }] });
 * const answer = await (await fetch(`${server.url}/v1/predict`, { method: "POST", body })).json();
 * assert.deepEqual(answer.scores, [...await model.predict(data.slice(1, 3))]);
 * ```
 */
export async function serve(model: Model, options: ServeOptions = {}): Promise<Server> {
  const service = new Service();
  const monitoring = await Monitoring.open(service, options);
  try {
    service.set(await ServedModel.open(model, { ...options, observer: monitoring }));
  } catch (error) {
    await monitoring[Symbol.asyncDispose]();
    throw error;
  }
  return await startServer(service, { ...options, monitoring });
}

/**
 * Listens for requests to the models of a service; they are released when the server stops.
 *
 * @throws {Error} when the address cannot be listened on; the models are then released
 */
export async function startServer(service: Service, options: ServerOptions): Promise<Server> {
  const { onError = console.error, monitoring } = options;
  let isStopping = false;
  const release = async () => {
    for (const model of service.models) await model[Symbol.asyncDispose]();
    await monitoring?.[Symbol.asyncDispose]();
  };
  const handler = createHandler(service, {
    ...options,
    onError,
    isStopping: () => isStopping,
    routes: [...options.routes ?? [], ...monitoring?.routes ?? []],
    givesIds: monitoring?.givesIds,
    complaints: () => monitoring?.complaints() ?? [],
  });
  const listener = await listen(handler, options).catch(async (error) => {
    await release();
    throw error;
  });
  let stopped: Promise<void> | undefined;
  const shutdown = () => {
    isStopping = true;
    return stopped ??= listener.shutdown().then(release);
  };
  const finished = listener.finished.then(shutdown);
  const { hostname, port } = listener;
  const url = `${options.tls ? "https" : "http"}://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  return { url, port, finished, shutdown, [Symbol.asyncDispose]: shutdown };
}
