/**
 * Errors of a client.
 *
 * @module
 */

/** An answer with a status that says that the request was not answered. */
export class ServerError extends Error {
  /** Status of HTTP. */
  readonly status: number;
  /** After how many ms the server asks to try again; absent where it does not say. */
  readonly retryAfterMs: number | undefined;

  /** Describes it by what the server said. */
  constructor(status: number, message: string, retryAfterMs?: number) {
    super(message);
    this.name = "ServerError";
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether a server with less to do, or more time, would have answered. */
  get isOverload(): boolean {
    return this.status === 429 || this.status === 503;
  }

  /** Reads it off an answer. */
  static async of(response: Response): Promise<ServerError> {
    const text = await response.text();
    const message = errorOf(text) ??
      `Cannot answer: the server said ${response.status} ${text.slice(0, 200)}`.trimEnd();
    return new ServerError(response.status, message, parseRetryAfter(response.headers.get("retry-after")));
  }
}

/** No answer: the server could not be reached, or did not answer in time. */
export class ConnectionError extends Error {
  /** Whether it was the time. */
  readonly isTimeout: boolean;

  /** Describes it. */
  constructor(message: string, { isTimeout = false, cause }: { isTimeout?: boolean; cause?: unknown } = {}) {
    super(message, { cause });
    this.name = "ConnectionError";
    this.isTimeout = isTimeout;
  }
}

function errorOf(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text);
    return typeof error === "string" ? error : undefined;
  } catch {
    // Proxies answer with pages of their own.
    return undefined;
  }
}

/** Reads seconds, or a date, as ms from now. */
function parseRetryAfter(text: string | null): number | undefined {
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text) ? 1000 * Number(text) : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}
