/**
 * The Open Inference Protocol over gRPC: each call is answered by the handler of HTTP.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type * as Grpc from "npm:@grpc/grpc-js@1.14.7";
import type { GrpcListener, GrpcListenOptions } from "../../host/listen_types.ts";
import { RequestError } from "../error.ts";
import { HEADER_LENGTH } from "../infer.ts";
import { fromHttp, type InferAnswer, type InferMessage, type Parameters, toHttp, valuesOf } from "./messages.ts";
import proto from "./open_inference.proto" with { type: "text" };

type Handler = (request: Request) => Promise<Response>;
// deno-lint-ignore no-explicit-any -- messages of any kind; their types are those of the proto
type Message = any;
type Call = Grpc.ServerUnaryCall<Message, Message> | Grpc.ServerDuplexStream<Message, Message>;

/** How one kind of call is sent to the handler, and its answer read. */
interface Route {
  /** Path of the address. */
  readonly path: (message: Message) => string;
  /** Body of a POST; a GET where absent. */
  readonly body?: (message: Message) => unknown;
  /** Makes the message of the answer's JSON. */
  readonly read: (answer: Message) => Message;
  /** Status of HTTP that is an answer besides 200. */
  readonly alsoAnswers?: number;
}

const modelPath = (name: string, version: string): string => {
  return `/v2/models/${encodeURIComponent(name)}${version ? `/versions/${encodeURIComponent(version)}` : ""}`;
};

const named = (end: string) => ({ name, version }: Message): string => modelPath(name, version) + end;

const repositoryRoute = (end: string): Route => ({
  path: ({ model_name: name }) => `/v2/repository/models/${encodeURIComponent(name)}/${end}`,
  body: ({ parameters }: { parameters: Parameters }) => ({ parameters: valuesOf(parameters) }),
  read: () => ({}),
});

const ROUTES: Readonly<Record<string, Route>> = {
  ServerLive: { path: () => "/v2/health/live", read: ({ live }) => ({ live }) },
  ServerReady: { path: () => "/v2/health/ready", read: ({ ready }) => ({ ready }), alsoAnswers: 503 },
  ModelReady: { path: named("/ready"), read: ({ ready }) => ({ ready }), alsoAnswers: 503 },
  ServerMetadata: { path: () => "/v2", read: (answer) => answer },
  ModelMetadata: { path: named(""), read: (answer) => answer },
  ModelConfig: { path: named("/config"), read: (config) => ({ config }) },
  ModelStatistics: {
    path: (message) => message.name ? named("/stats")(message) : "/v2/models/stats",
    read: (answer) => answer,
  },
  RepositoryIndex: {
    path: () => "/v2/repository/index",
    body: ({ ready }) => ({ ready }),
    read: (models) => ({ models }),
  },
  RepositoryModelLoad: repositoryRoute("load"),
  RepositoryModelUnload: repositoryRoute("unload"),
};

/** Codes of gRPC by status of HTTP; those of others are UNKNOWN for clients' faults, and INTERNAL for the server's. */
const CODES: Readonly<Record<number, keyof typeof Grpc.status>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  404: "NOT_FOUND",
  408: "DEADLINE_EXCEEDED",
  413: "RESOURCE_EXHAUSTED",
  431: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  503: "UNAVAILABLE",
};

/** Answers calls with what a handler of HTTP answers. */
class Answerer {
  readonly #handler: Handler;
  readonly #status: typeof Grpc.status;

  constructor(handler: Handler, status: typeof Grpc.status) {
    this.#handler = handler;
    this.#status = status;
  }

  /** Answers a call that the handler answers with JSON. */
  async answer(call: Call, message: Message, { path, body, read, alsoAnswers }: Route): Promise<Message> {
    const init = body ? { method: "POST", body: JSON.stringify(body(message)) } : {};
    const response = await this.#send(call, path(message), init);
    if (response.status !== 200 && response.status !== alsoAnswers) throw await this.#errorOf(response, call);
    return read(await response.json());
  }

  /** Answers a call for inference. */
  async infer(call: Call, message: InferMessage): Promise<InferAnswer> {
    const { body, headers } = toHttp(message, leftMs(call));
    const path = `${modelPath(message.model_name, message.model_version)}/infer`;
    const response = await this.#send(call, path, { method: "POST", body, headers });
    if (response.status !== 200) throw await this.#errorOf(response, call);
    const answer = new Uint8Array(await response.arrayBuffer());
    return fromHttp(answer, Number(response.headers.get(HEADER_LENGTH)));
  }

  /** Returns what a client is told about an error. */
  statusOf(error: unknown): { code: Grpc.status; details: string } {
    if (error instanceof RequestError) return { code: this.#codeOf(error.status), details: error.message };
    const { code = this.#status.INTERNAL, message } = error as Error & { code?: Grpc.status };
    return { code, details: message };
  }

  async #send(call: Call, path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    for (const name of ["authorization", "x-request-id"]) {
      const [value] = call.metadata.get(name);
      if (value !== undefined) headers.set(name, `${value}`);
    }
    const abort = new AbortController();
    (call as Grpc.ServerUnaryCall<Message, Message>).once("cancelled", () => abort.abort());
    return await this.#handler(new Request(`http://localhost${path}`, { ...init, headers, signal: abort.signal }));
  }

  async #errorOf(response: Response, call: Call): Promise<Error> {
    const { error } = await response.json();
    const isLate = response.status === 503 && leftMs(call) <= 0;
    const code = isLate ? this.#status.DEADLINE_EXCEEDED : this.#codeOf(response.status);
    return Object.assign(new Error(error), { code });
  }

  #codeOf(status: number): Grpc.status {
    return this.#status[CODES[status] ?? (status < 500 ? "UNKNOWN" : "INTERNAL")];
  }
}

/** Time until a call's deadline in ms; Infinity without one. */
function leftMs(call: Call): number {
  const deadline = call.getDeadline();
  return (deadline instanceof Date ? deadline.getTime() : deadline) - Date.now();
}

/**
 * Listens for calls, which a handler of HTTP answers.
 *
 * @throws {Error} when the address cannot be listened on
 */
export async function listenGrpc(handler: Handler, options: GrpcListenOptions): Promise<GrpcListener> {
  const [grpc, loader, protobuf] = await Promise.all([
    import("npm:@grpc/grpc-js@1.14.7"),
    import("npm:@grpc/proto-loader@0.8.1"),
    import("npm:protobufjs@7.6.6"),
  ]);
  const { root } = protobuf.default.parse(proto, { keepCase: true });
  const definition = loader.fromJSON(root.toJSON({ keepComments: false }), {
    ...{ keepCase: true, longs: String, enums: String, defaults: true, oneofs: true },
  });
  const service = (grpc.loadPackageDefinition(definition) as Message).inference.GRPCInferenceService.service;
  const server = new grpc.Server({
    "grpc.max_receive_message_length": options.maxBodyBytes,
    "grpc.max_send_message_length": -1,
  });
  const streams = new Set<Grpc.ServerDuplexStream<Message, Message>>();
  server.addService(service, handlersOf(new Answerer(handler, grpc.status), streams, options.onError));
  const port = await bind(server, credentialsOf(grpc, options), options);
  const shutdown = async () => {
    // Streams stay open as long as clients like; what was asked on them is answered.
    for (const stream of streams) stream.emit("end");
    await new Promise<void>((resolve, reject) => server.tryShutdown((error) => error ? reject(error) : resolve()));
  };
  return { port, shutdown };
}

function handlersOf(
  answerer: Answerer,
  streams: Set<Grpc.ServerDuplexStream<Message, Message>>,
  onError: (error: unknown) => void,
): Grpc.UntypedServiceImplementation {
  const unary = (work: (call: Call, message: Message) => Promise<Message>) =>
  (
    call: Grpc.ServerUnaryCall<Message, Message>,
    reply: Grpc.sendUnaryData<Message>,
  ) => {
    work(call, call.request).then((answer) => reply(null, answer), (error) => {
      const status = answerer.statusOf(error);
      if (!(error instanceof RequestError) && !("code" in (error as Error))) onError(error);
      reply(status);
    });
  };
  const routes = Object.entries(ROUTES).map(([name, route]) => {
    return [name, unary((call, message) => answerer.answer(call, message, route))] as const;
  });
  return {
    ...Object.fromEntries(routes),
    ModelInfer: unary((call, message) => answerer.infer(call, message)),
    ModelStreamInfer: (call: Grpc.ServerDuplexStream<Message, Message>) => {
      streams.add(call);
      let last: Promise<unknown> = Promise.resolve();
      call.on("data", (message: InferMessage) => {
        const answer = answerer.infer(call, message).then(
          (infer_response) => ({ infer_response }),
          (error) => ({ error_message: answerer.statusOf(error).details, infer_response: { id: message.id } }),
        );
        // Answers come in the order of their requests.
        last = last.then(async () => call.write(await answer));
      });
      call.once("end", () => void last.then(() => call.end()));
      for (const event of ["end", "cancelled", "error"]) call.once(event, () => streams.delete(call));
    },
  };
}

function credentialsOf({ ServerCredentials }: typeof Grpc, { tls }: GrpcListenOptions): Grpc.ServerCredentials {
  if (!tls) return ServerCredentials.createInsecure();
  const [cert, key] = [tls.cert, tls.key].map((text) => Buffer.from(text));
  // No client is asked for a certificate. Without roots of its own, the library would name all of the system's to clients
  // where an environment variable has them, in a message that is longer than clients take.
  return ServerCredentials.createSsl(cert, [{ cert_chain: cert, private_key: key }]);
}

async function bind(
  server: Grpc.Server,
  credentials: Grpc.ServerCredentials,
  { hostname, port }: GrpcListenOptions,
): Promise<number> {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return await new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, credentials, (error, bound) => {
      if (!error) return resolve(bound);
      const message = `Cannot serve gRPC: ${host}:${port} must be free to listen on, received ${error.message}`;
      reject(new Error(message, { cause: error }));
    });
  });
}
