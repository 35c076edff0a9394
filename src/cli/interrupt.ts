/**
 * Ctrl-C: the first press asks training to stop, the second one ends the process.
 *
 * @module
 */

/** Exit code of a process that Ctrl-C ended. */
export const INTERRUPTED = 130;

/** Catches Ctrl-C until it is disposed of. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #handle: () => void;

  /**
   * Starts to listen.
   *
   * @param onFirst called at the first press
   * @param onSecond called at the second one, before the process ends
   */
  constructor(onFirst: () => void, onSecond: () => void) {
    this.#handle = () => {
      if (this.signal.aborted) {
        onSecond();
        Deno.exit(INTERRUPTED);
      }
      this.#controller.abort();
      onFirst();
    };
    Deno.addSignalListener("SIGINT", this.#handle);
  }

  /** Aborted at the first press. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Gives Ctrl-C back its usual meaning. */
  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGINT", this.#handle);
  }
}
