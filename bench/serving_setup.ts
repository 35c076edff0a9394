/**
 * What is served and asked when serving is measured: DeepFM at Criteo's shape, in a process of its own.
 *
 * @module
 */
import { deepfm, Model } from "../mod.ts";
import { decodeInfer, type EncodedRequest, encodeInfer, ServerError } from "../src/client/mod.ts";
import type { Dataset } from "../src/data/dataset.ts";
import { zipfDataset } from "../src/data/synthetic.ts";
import type { LoadResult, LoadTask } from "./serving_clients.ts";

const FIELDS = 39;
const CLI = new URL("../src/cli.ts", import.meta.url).pathname;

/** Draws rows for 39 fields with 1,000,000 rows of embeddings. */
export function drawRows(rows: number): Dataset {
  return zipfDataset({ rows, fields: FIELDS, totalRows: 1_000_000, seed: 1 });
}

/** Creates the model: width 16, MLP 400-400-400. */
export async function createModel(data: Dataset): Promise<Model> {
  return await Model.create(deepfm({ dim: 16, hidden: [400, 400, 400] }), data.schema, { seed: 1 });
}

/** Writes a request: values as texts, one binary tensor a field, all outputs wanted in binary. */
export function requestOf({ ids, rows, schema }: Dataset): EncodedRequest {
  const columns = schema.fields.map(({ name, offset }, f) => {
    return [name, Array.from(ids.subarray(f * rows, (f + 1) * rows), (id) => String(id - offset - 1))] as const;
  });
  return encodeInfer(Object.fromEntries(columns));
}

/** Clients in a worker, so that their work does not stop what is timed here. */
export class Clients implements Disposable {
  readonly #worker = new Worker(new URL("./serving_clients.ts", import.meta.url), { type: "module" });

  /** Has the clients send requests. */
  run(task: LoadTask): Promise<LoadResult> {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }) => resolve(data);
      this.#worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      this.#worker.postMessage(task);
    });
  }

  /** Ends the worker. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

/** Returns the value below which a share of sorted values lies; NaN if there are none. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted.length === 0 ? NaN : sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** A server without work in a process of its own. */
export class BareServer implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  /** Where requests go. */
  readonly url: string;

  private constructor(child: Deno.ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** Starts it. */
  static async start(): Promise<BareServer> {
    const program = new URL("serving_bare.ts", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), { args: ["run", "-A", program], stdout: "piped" }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value = "" } = await reader.read();
    return new BareServer(child, `http://127.0.0.1:${value.trim()}/`);
  }

  /** Stops it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }
}

/** `weft serve` in a process of its own. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;
  #url = "";

  private constructor(child: Deno.ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
  }

  /** Saves a model, and serves it under the name `deepfm` with further arguments of the command. */
  static async start(model: Model, ...args: string[]): Promise<ServerProcess> {
    const folder = await Deno.makeTempDir();
    await model.save(`${folder}/deepfm.weft`);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", CLI, "serve", "--model-file", "deepfm.weft", "--port", "0", ...args],
      cwd: folder,
      env: { NO_COLOR: "1" },
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const server = new ServerProcess(child, folder);
    const ready = Promise.withResolvers<string>();
    server.#tellErrors(ready.resolve).then(() => ready.reject(new Error("the server ended before it answered")));
    server.#url = await ready.promise;
    return server;
  }

  /** Where requests for scores go. */
  get inferUrl(): string {
    return `${this.#url}/v2/models/deepfm/infer`;
  }

  /** An address of the server. */
  at(path: string): string {
    return this.#url + path;
  }

  /** Bytes of memory that the process holds; NaN where the system does not tell. */
  memory(): number {
    if (Deno.build.os !== "linux") return NaN;
    const [, kilobytes] = /^VmRSS:\s*(\d+) kB/m.exec(Deno.readTextFileSync(`/proc/${this.#child.pid}/status`)) ?? [];
    return 1024 * Number(kilobytes);
  }

  /** Scores that the server answers a request with; it is asked again while it refuses for overload. */
  async scores(request: EncodedRequest): Promise<Float32Array> {
    const ask = () => fetch(this.inferUrl, { method: "POST", ...request });
    let response = await ask();
    for (; response.status === 503; response = await ask()) await response.body?.cancel();
    if (!response.ok) throw await ServerError.of(response);
    return (await decodeInfer(response)).floats("score");
  }

  /** Stops the server, and removes the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
    await Deno.remove(this.#folder, { recursive: true });
  }

  /** Passes on what the server says, and tells its address when it does. */
  async #tellErrors(tell: (url: string) => void): Promise<void> {
    let said = "";
    for await (const part of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      console.error(part.trimEnd());
      if (!this.#url) said += part;
      const [, url] = /serving deepfm at (\S+)\n/.exec(said) ?? [];
      if (url) tell(url);
    }
  }
}
