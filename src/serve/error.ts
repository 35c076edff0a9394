/**
 * What a client is told when its request cannot be answered.
 *
 * @module
 */

/** A request that is refused, with the status of its answer. */
export class RequestError extends Error {
  /** Status of HTTP. */
  readonly status: number;

  /** Describes why. */
  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RequestError";
    this.status = status;
  }
}

/** Refuses a request for what it says. */
export function refuse(message: string): never {
  throw new RequestError(400, message);
}
