/**
 * A server of models.
 *
 * @module
 */
import { type GrpcListener, listen, type Listener, listenGrpc, type ListenOptions } from "../host/mod.ts";
import type { Model } from "../model.ts";
import { RequestError } from "./error.ts";
import { createHandler, type HandlerOptions } from "./handler.ts";
import { Monitoring } from "./monitoring.ts";
import type { ServeOptions } from "./options.ts";
import { Rollouts } from "./rollouts.ts";
import { ServedModel } from "./served_model.ts";
import { Service } from "./service.ts";

/** Options of a server, whatever it serves. */
export type ServerOptions =
  & ListenOptions
  & Pick<ServeOptions, "grpc">
  & Omit<HandlerOptions, "isStopping" | "givesIds" | "complaints">
  & {
    /** Watches over the requests; disposed of when the server has stopped. */
    readonly monitoring?: Monitoring;
  };

/** A server that runs. */
export interface Server extends AsyncDisposable {
  /** Where it listens, such as `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Port that it listens on. */
  readonly port: number;
  /** Port of gRPC, where that is served. */
  readonly grpcPort?: number;
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
  const { version = "1", versions = {}, canary, shadow, announce = console.error } = options;
  const models = new Map(Object.entries({ ...versions, [version]: model }));
  const open = (name: string, version: string) => {
    const found = models.get(version);
    if (found) return ServedModel.open(found, { ...options, name, version, observer: monitoring });
    throw new RequestError(400, `Cannot serve: versions are ${[...models.keys()].join(", ")}, received ${version}`);
  };
  const { name = model.definition.name } = options;
  const rollouts = new Rollouts(service, { open, announce });
  try {
    service.set(await open(name, version));
    if (canary || shadow) await rollouts.change(name, { canary, shadow });
  } catch (error) {
    await releaseAll(service);
    await monitoring[Symbol.asyncDispose]();
    throw error;
  }
  return await startServer(service, { ...options, rollouts, monitoring });
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
    await releaseAll(service);
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
  const { grpc, listener } = await listenAll(handler, { ...options, onError }).catch(async (error) => {
    await release();
    throw error;
  });
  let stopped: Promise<void> | undefined;
  const shutdown = () => {
    isStopping = true;
    return stopped ??= Promise.all([listener.shutdown(), grpc?.shutdown()]).then(release);
  };
  const finished = listener.finished.then(shutdown);
  const { hostname, port } = listener;
  const url = `${options.tls ? "https" : "http"}://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  return { url, port, ...(grpc && { grpcPort: grpc.port }), finished, shutdown, [Symbol.asyncDispose]: shutdown };
}

/** Listens for HTTP, and where asked to for gRPC. */
async function listenAll(
  handler: (request: Request) => Promise<Response>,
  options: ServerOptions & Required<Pick<ServerOptions, "onError">>,
): Promise<{ listener: Listener; grpc?: GrpcListener }> {
  const listener = await listen(handler, options);
  if (!options.grpc) return { listener };
  const { port = 8001 } = options.grpc;
  const { hostname = "127.0.0.1", tls, maxBodyBytes = 1 << 24, onError } = options;
  try {
    return { listener, grpc: await listenGrpc(handler, { port, hostname, tls, maxBodyBytes, onError }) };
  } catch (error) {
    await listener.shutdown();
    throw error;
  }
}

async function releaseAll(service: Service): Promise<void> {
  await service.endRollouts();
  for (const model of service.models) await model[Symbol.asyncDispose]();
}
