/**
 * A trial as the function that carries it out sees it.
 *
 * @module
 */
import type { Params } from "./space.ts";

/** One try with some parameters. */
export class Trial<P = Params> {
  /** Its number, from 0. */
  readonly number: number;
  /** Values of the parameters that take part, by name. */
  readonly params: P;
  /** Aborted when the trial is to stop, or the search; hand it to `fit`. */
  readonly signal: AbortSignal;
  readonly #own = new AbortController();
  readonly #decide: (epoch: number, value: number) => boolean;

  /** @ignore */
  constructor(
    number: number,
    params: P,
    search: AbortSignal | undefined,
    decide: (epoch: number, value: number) => boolean,
  ) {
    this.number = number;
    this.params = params;
    this.signal = search ? AbortSignal.any([this.#own.signal, search]) : this.#own.signal;
    this.#decide = decide;
  }

  /**
   * Tells the value at the end of an epoch, from which the pruner decides whether the trial is to stop.
   *
   * @param epoch counted from 1
   * @param isLast whether the trial is over with it, so that there is nothing to stop
   * @throws {RangeError} when the epoch is no positive integer, or the value not finite
   */
  report(epoch: number, value: number, isLast = false): void {
    if (!Number.isInteger(epoch) || epoch < 1) {
      throw new RangeError(`Cannot report: epoch must be an integer from 1, received ${epoch}`);
    }
    if (!Number.isFinite(value)) {
      throw new RangeError(`Cannot report epoch ${epoch}: the value must be finite, received ${value}`);
    }
    if (this.#decide(epoch, value) && !isLast) this.#own.abort();
  }

  /** Whether the trial is to stop, as its values are worse than those of others; what it returns then does not count. */
  get shouldStop(): boolean {
    return this.#own.signal.aborted;
  }
}
