/**
 * What a client is told when its request cannot be answered.
 *
 * @module
 */

/** A request that is refused, with the status of its answer. */
export class RequestError extends Error {
  /** Status of HTTP. */
  readonly status: number;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  /** Describes why. */
  constructor(
    status: number,
    message: string,
    { headers = {}, cause }: { headers?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.name = "RequestError";
    this.status = status;
    this.headers = headers;
  }
}

/** A request that a server with less to do, or more time, would have answered. */
export class OverloadError extends RequestError {
  /** Whether too many requests waited, or this one waited too long. */
  readonly reason: "full" | "late";

  /** Describes which it was. */
  constructor(reason: "full" | "late", message: string) {
    super(503, message, { headers: { "retry-after": "1" } });
    this.name = "OverloadError";
    this.reason = reason;
  }
}

/** A request whose client went away; the status is the one that servers write to their logs then. */
export class AbandonedError extends RequestError {
  /** Describes it. */
  constructor() {
    super(499, "Cannot answer: the client has gone away");
    this.name = "AbandonedError";
  }
}

/** Refuses a request for what it says. */
export function refuse(message: string): never {
  throw new RequestError(400, message);
}
