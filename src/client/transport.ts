/**
 * Sending requests: limits of time, rights, packing, and further tries.
 *
 * @module
 */
import { ConnectionError, ServerError } from "./error.ts";

/** Options of a client. */
export interface ClientOptions {
  /** Text that is sent as a bearer token. */
  readonly token?: string;
  /** How long a call may take with all its tries, in ms. @default {10000} */
  readonly timeoutMs?: number;
  /** Whether bodies are sent as gzip. @default {false} */
  readonly gzip?: boolean;
  /** How many times more an overloaded server is asked, after the time that it names. @default {0} */
  readonly retries?: number;
  /** Sends a request. @default {fetch} */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** A request to be sent. */
export interface Message {
  /** Path behind the server's address. */
  readonly path: string;
  /** Body; the method is POST with one, else GET. */
  readonly body?: Uint8Array<ArrayBuffer>;
  /** Headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the call. */
  readonly signal?: AbortSignal;
  /** Whether an overloaded server is not asked again. */
  readonly isAskedOnce?: boolean;
}

/** First wait before another try where the server names none, in ms; it doubles each time. */
const FIRST_WAIT_MS = 100;

/** What reaches a server. */
export class Transport {
  readonly #url: string;
  readonly #options: ClientOptions;

  /** Sends to the server at `url`. */
  constructor(url: string | URL, options: ClientOptions) {
    this.#url = String(url).replace(/\/+$/, "");
    this.#options = options;
  }

  /**
   * Sends a request, again where the server is overloaded and tries are left.
   *
   * @param read reads the answer, within the limit of time
   * @throws {ServerError} when the server refuses it
   * @throws {ConnectionError} when there is no answer in time
   */
  async send<T>(message: Message, read: (response: Response) => Promise<T>): Promise<T> {
    const { timeoutMs = 10_000, retries: allowed = 0 } = this.#options;
    const retries = message.isAskedOnce ? 0 : allowed;
    const controller = new AbortController();
    const late = new ConnectionError(`Cannot reach ${this.#url}: it must answer within ${timeoutMs} ms`, {
      isTimeout: true,
    });
    const timer = setTimeout(() => controller.abort(late), timeoutMs);
    const end = performance.now() + timeoutMs;
    const signal = message.signal ? AbortSignal.any([controller.signal, message.signal]) : controller.signal;
    try {
      const packed = await this.#pack(message);
      for (let tries = 0;; tries++) {
        const response = await this.#try(packed, signal);
        if (response.ok) return await read(response);
        const error = await ServerError.of(response);
        const waitMs = error.retryAfterMs ?? FIRST_WAIT_MS * 2 ** tries;
        if (!error.isOverload || tries >= retries || performance.now() + waitMs >= end) throw error;
        await pause(waitMs, signal);
      }
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #pack({ path, body, headers }: Message): Promise<{ url: string; init: RequestInit }> {
    const { token, gzip } = this.#options;
    const all = new Headers(headers);
    if (token !== undefined) all.set("authorization", `Bearer ${token}`);
    const url = this.#url + path;
    if (!body) return { url, init: { headers: all } };
    if (!gzip) return { url, init: { method: "POST", body, headers: all } };
    all.set("content-encoding", "gzip");
    const stream = new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"));
    return { url, init: { method: "POST", body: await new Response(stream).arrayBuffer(), headers: all } };
  }

  async #try({ url, init }: { url: string; init: RequestInit }, signal: AbortSignal): Promise<Response> {
    const { fetch = globalThis.fetch } = this.#options;
    try {
      const response = await fetch(new Request(url, { ...init, signal }));
      // Read here, so that a connection that breaks in the middle of an answer is told from a malformed one.
      const body = await response.arrayBuffer();
      return new Response(body.byteLength > 0 ? body : null, response);
    } catch (error) {
      throw new ConnectionError(`Cannot reach ${this.#url}: ${(error as Error).message}`, { cause: error });
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}
