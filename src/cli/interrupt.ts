/**
 * Signals that end a process: the first one asks training to stop and to save, a second Ctrl-C ends the process at once.
 *
 * @module
 */
import { lookIfGranted } from "../permission.ts";

/** Exit codes of a process that a signal ended: 128 and the signal's number. */
const EXIT_CODES: Readonly<Partial<Record<Deno.Signal, number>>> = {
  SIGINT: 130,
  SIGBREAK: 130,
  SIGTERM: 143,
  SIGHUP: 129,
};

/**
 * Whether the process was started to ignore hang-ups. It is asked as the program is loaded, and such a hang-up is caught
 * from then on: opening a device, or listening to any signal, can give the signal its usual meaning back.
 */
const IGNORES_HANG_UP = hangUpIsIgnored();
if (IGNORES_HANG_UP) Deno.addSignalListener("SIGHUP", () => {});

/** Catches Ctrl-C, and what a system or a closed terminal sends, until it is disposed of. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #handlers: ReadonlyMap<Deno.Signal, () => void>;
  #onFirst: (() => void) | undefined;
  #onSecond: (() => void) | undefined;
  #exitCode = 0;

  /**
   * Starts to listen.
   *
   * @param options whether a hang-up, as of a terminal that closes, ends the work (true unless told otherwise)
   */
  constructor({ endsAtHangUp = true }: { endsAtHangUp?: boolean } = {}) {
    this.#handlers = new Map(caughtSignals(endsAtHangUp).map((name) => [name, () => this.#handle(name)]));
    for (const [name, handler] of this.#handlers) Deno.addSignalListener(name, handler);
  }

  /** Aborted at the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Exit code of a process that the first signal ended; 0 before it. */
  get exitCode(): number {
    return this.#exitCode;
  }

  /**
   * Tells of signals until the result is disposed of.
   *
   * @param onFirst called at the first signal
   * @param onSecond called at a Ctrl-C after it, before the process ends
   */
  tell(onFirst: () => void, onSecond: () => void): Disposable {
    this.#onFirst = onFirst;
    this.#onSecond = onSecond;
    return { [Symbol.dispose]: () => this.#onFirst = this.#onSecond = undefined };
  }

  /** Gives the signals back the meaning that they had. */
  [Symbol.dispose](): void {
    for (const [name, handler] of this.#handlers) Deno.removeSignalListener(name, handler);
  }

  #handle(name: Deno.Signal): void {
    if (!this.signal.aborted) {
      this.#exitCode = EXIT_CODES[name]!;
      this.#controller.abort();
      this.#onFirst?.();
      return;
    }
    // Systems and shells repeat their signals; only a person who presses Ctrl-C wants no save.
    if (name !== "SIGINT" && name !== "SIGBREAK") return;
    this.#onSecond?.();
    Deno.exit(EXIT_CODES[name]);
  }
}

function caughtSignals(endsAtHangUp: boolean): Deno.Signal[] {
  if (Deno.build.os === "windows") return ["SIGINT", "SIGBREAK"];
  return ["SIGINT", "SIGTERM", ...(IGNORES_HANG_UP || !endsAtHangUp ? [] : ["SIGHUP" as const])];
}

/** Tells whether the process was started to outlive its terminal, as `nohup` does; systems without /proc do not say. */
function hangUpIsIgnored(): boolean {
  if (Deno.build.os !== "linux") return false;
  const status = lookIfGranted("/proc/self/status", "", Deno.readTextFileSync);
  const [, mask] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  return mask !== undefined && (BigInt(`0x${mask}`) & 1n) === 1n;
}
