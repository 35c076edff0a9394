/**
 * `weft serve`.
 *
 * @module
 */
import type { Row } from "../data/rows.ts";
import type { BatchingOptions } from "../serve/batcher.ts";
import { type ModelFile, Repository } from "../serve/repository.ts";
import { Monitoring } from "../serve/monitoring.ts";
import { type ServerOptions, startServer } from "../serve/server.ts";
import { Service } from "../serve/service.ts";
import { GPU_OPTION, readBackend } from "./device.ts";
import { Interruption } from "./interrupt.ts";
import { listModelFolder } from "./model_folder.ts";
import { withOwnOptions } from "./model_options.ts";
import { MONITORING_GROUPS, readMonitoring } from "./monitoring.ts";
import { type CommandInfo, type NameOf, type Options, parseOptions } from "./options.ts";
import { readRollouts, ROLLOUT_OPTIONS, type RolloutPlans } from "./rollout_options.ts";
import { createOpener } from "./serve_models.ts";
import type { Streams } from "./streams.ts";
import { readTuning, TUNING_OPTION } from "./tuning.ts";

const GROUPS = {
  "Models": {
    "model-file": {
      value: "FILE",
      help: "model or checkpoint that train wrote; NAME=FILE names it in addresses;\nmay be repeated",
    },
    models: {
      value: "FOLDER",
      help: "folder of models, NAME/VERSION/model.weft; the highest version of each is served",
    },
    "batch-sizes": { value: "SIZES", help: "batch sizes that are compiled at the start (default 1,8,64,512,4096)" },
    constant: {
      value: "COLUMN=VALUE",
      help: "value that a column has whatever requests say, such as a position; may be\nrepeated",
    },
    processor: {
      value: "WHEN",
      help: "which batches are computed on the processor: auto (default), those for which it is\nfaster; never; always",
    },
    ...TUNING_OPTION,
    ...GPU_OPTION,
  },
  "Versions": ROLLOUT_OPTIONS,
  "Address": {
    port: { value: "PORT", help: "port to listen on (default 8000); 0 for any that is free" },
    "grpc-port": { value: "PORT", help: "port to speak gRPC on, beside HTTP (8001 by custom)" },
    host: { value: "ADDRESS", help: "address to listen on (default 127.0.0.1); 0.0.0.0 for all" },
    "tls-cert": { value: "FILE", help: "certificate chain in PEM, to speak HTTPS" },
    "tls-key": { value: "FILE", help: "its private key in PEM" },
    "token-file": { value: "FILE", help: "file with the text that requests must bring as a bearer token" },
  },
  "Batches": {
    "max-batch-size": { value: "N", help: "most rows of a batch (default 4096)" },
    "preferred-batch-sizes": { value: "SIZES", help: "rows at which a batch need not wait for more" },
    "max-queue-delay": { value: "MS", help: "how long a batch waits for more rows (default 0)" },
    "max-queue-size": { value: "N", help: "requests that may wait; further ones are refused (default 1000)" },
    timeout: { value: "MS", help: "how long a request may wait (default: without an end)" },
    "timeout-action": { value: "WHAT", help: "reject (default) or delay requests that waited longer" },
  },
  "Limits": {
    "max-rows": { value: "N", help: "most rows of a request (default 10000)" },
    "max-body": { value: "BYTES", help: "most bytes of a request's body (default 16777216)" },
    "max-headers": { value: "BYTES", help: "most bytes of a request's headers (default 16384)" },
    "body-timeout": { value: "MS", help: "how long a client may take to send a body (default 30000)" },
  },
  ...MONITORING_GROUPS,
} as const;

type Name = NameOf<typeof GROUPS>;

/** Describes `weft serve`. */
export const SERVE: CommandInfo<typeof GROUPS> = {
  name: "serve",
  summary: "answer requests over HTTP with the scores of models",
  options: GROUPS,
  notes: [
    "The Open Inference Protocol of KServe and Triton is under /v2, rows as JSON are under /v1/predict and /v1/rank, and",
    "TensorFlow Serving's requests under /v1/models; /metrics is for Prometheus, and / for people. SIGHUP reads the files",
    "anew; Ctrl-C and SIGTERM answer what is there and stop.",
  ],
  examples: [
    "serve --model-file deepfm.weft",
    "serve --model-file ctr=deepfm.weft --model-file cvr=esmm.weft --host 0.0.0.0 --port 8080",
    "serve --models repository --max-queue-delay 2 --timeout 50",
  ],
};

/** Runs `weft serve`. */
export async function serve(args: readonly string[], streams: Streams): Promise<number> {
  const options = parseOptions(SERVE, args);
  const list = readModelFiles(options);
  const plans = readRollouts(options);
  const batching = readBatching(options);
  const constants = readConstants(options);
  const server = await readServer(options);
  const watched = readMonitoring(options);
  const batchSizes = options.numbers("batch-sizes", 1);
  const processor = options.choice("processor", ["auto", "never", "always"]);
  const tuning = readTuning(options);
  const backend = readBackend(options);
  const service = new Service();
  const onError = (error: unknown) => streams.err((error as Error).message);
  await using monitoring = await Monitoring.open(service, { ...watched, onError });
  await using opener = await createOpener({ tuning, backend, constants, observer: monitoring }, streams);
  const open = async (file: ModelFile) => {
    const own = await withOwnOptions(file.options, { batching, batchSizes, processor });
    const served = await opener.open(file, own);
    streams.err(`${served.name}: ${served.waysLine}`);
    return served;
  };
  const repository = new Repository(service, { list, open, announce: (line) => streams.err(line) });
  await loadModels(repository, await list(), plans);
  await using running = await startServer(service, { ...server, repository, monitoring });
  const grpc = running.grpcPort === undefined ? "" : `, gRPC on port ${running.grpcPort}`;
  const names = new Set(service.models.map(({ name }) => name));
  streams.err(`serving ${[...names].join(", ") || "no model yet"} at ${running.url}${grpc}`);
  using interruption = new Interruption({ endsAtHangUp: false });
  using _reloading = onHangUp(() => repository.reload());
  const interrupted = new Promise<void>((resolve) => interruption.signal.addEventListener("abort", () => resolve()));
  await Promise.race([interrupted, running.finished]);
  streams.err(`stopping: ${service.models.reduce((sum, { pending }) => sum + pending, 0)} requests wait`);
  opener.beginToEnd();
  await running.shutdown();
  return 0;
}

/** Returns what lists the files that are served. */
function readModelFiles(options: Options<Name>): () => Promise<readonly ModelFile[]> {
  const folder = options.text("models");
  const given = options.texts("model-file");
  options.exclude("models", ["model-file"]);
  if (folder !== undefined) return () => listModelFolder(folder);
  if (given.length === 0) options.refuse('option "--model-file" or "--models" is missing');
  const files = given.map((text): ModelFile => {
    const at = text.indexOf("=");
    const path = text.slice(at + 1);
    const name = at >= 0 ? text.slice(0, at) : path.slice(path.lastIndexOf("/") + 1).replace(/\.weft$/, "");
    return { name, version: "1", path };
  });
  const twice = files.find(({ name }, i) => files.findIndex((other) => other.name === name) < i);
  if (twice) options.refuse(`names of models must differ, received "${twice.name}" twice; NAME=FILE names one`);
  return () => Promise.resolve(files);
}

/**
 * Loads the models, and begins their rollouts.
 *
 * @throws {RequestError} when one cannot be served, or a plan names none
 */
async function loadModels(
  repository: Repository,
  files: readonly ModelFile[],
  { live, changes }: RolloutPlans,
): Promise<void> {
  for (const name of new Set([...files.map(({ name }) => name), ...live.keys()])) {
    await repository.load(name, live.get(name));
  }
  for (const [name, change] of changes) await repository.rollouts.change(name, change);
}

function readConstants(options: Options<Name>): Row {
  return Object.fromEntries(
    options.texts("constant").map((text) => {
      const at = text.indexOf("=");
      return at > 0 ? [text.slice(0, at), text.slice(at + 1)] : options.refuse(
        `option "--constant" must be COLUMN=VALUE, received "${text}"`,
      );
    }),
  );
}

function readBatching(options: Options<Name>): BatchingOptions {
  return {
    maxBatchSize: options.integer("max-batch-size", 1),
    preferredBatchSizes: options.numbers("preferred-batch-sizes", 1),
    maxQueueDelayMs: options.number("max-queue-delay", 0),
    maxQueueSize: options.integer("max-queue-size", 1),
    timeoutMs: options.number("timeout", 0.001),
    timeoutAction: options.choice("timeout-action", ["reject", "delay"]),
  };
}

async function readServer(options: Options<Name>): Promise<ServerOptions> {
  for (const [one, other] of [["tls-cert", "tls-key"], ["tls-key", "tls-cert"]] as const) options.require(one, [other]);
  const read = async (name: Name) => {
    const path = options.text(name);
    return path === undefined ? undefined : await Deno.readTextFile(path);
  };
  const [cert, key, token] = await Promise.all([read("tls-cert"), read("tls-key"), read("token-file")]);
  if (token?.trim() === "") options.refuse('the file of "--token-file" must hold a token, received none');
  return {
    port: options.integer("port", 0, 65535),
    hostname: options.text("host"),
    ...(options.has("grpc-port") && { grpc: { port: options.integer("grpc-port", 0, 65535) } }),
    ...(cert && key && { tls: { cert, key } }),
    ...(token && { token: token.trim() }),
    maxRows: options.integer("max-rows", 1),
    maxBodyBytes: options.integer("max-body", 1),
    maxHeaderBytes: options.integer("max-headers", 1),
    bodyTimeoutMs: options.integer("body-timeout", 1),
  };
}

/** Does work at each hang-up until the result is disposed of; Windows has no such signal for a program without a console. */
function onHangUp(work: () => Promise<void>): Disposable {
  if (Deno.build.os === "windows") return { [Symbol.dispose]: () => {} };
  const handler = () => void work();
  Deno.addSignalListener("SIGHUP", handler);
  return { [Symbol.dispose]: () => Deno.removeSignalListener("SIGHUP", handler) };
}
