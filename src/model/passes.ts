/**
 * Compiled forward passes of a model: one for each batch size that was asked for lately.
 *
 * @module
 */

/** A compiled forward pass with its buffers. */
export interface Pass {
  /** Releases the buffers. */
  destroy(): void;
}

/** Passes that are kept while nobody uses them. */
const KEPT = 4;

/** Calls that use passes at a time, each with buffers of its own; more of them wait for their turn. */
const CALLS = 8;

interface Entry {
  readonly pass: Promise<Pass>;
  users: number;
}

/** The passes of a model, least recently used first. */
export class Passes {
  readonly #entries: Map<string, Entry> = new Map();
  readonly #waiting: (() => void)[] = [];
  #calls = 0;

  /** Number of passes that hold memory on the device. */
  get size(): number {
    return this.#entries.size;
  }

  /** Works with the pass of that name, which is made by `create` where there is none. */
  async use<P extends Pass, T>(name: string, create: () => Promise<P>, work: (pass: P) => Promise<T>): Promise<T> {
    await this.#enter();
    let entry = this.#entries.get(name);
    this.#entries.delete(name);
    entry ??= { pass: create(), users: 0 };
    this.#entries.set(name, entry);
    entry.users++;
    this.#trim();
    try {
      return await work(await this.#made(name, entry) as P);
    } finally {
      entry.users--;
      this.#trim();
      this.#leave();
    }
  }

  /** Releases all passes; no call may be under way. */
  async destroy(): Promise<void> {
    const passes = Array.from(this.#entries.values(), ({ pass }) => pass);
    this.#entries.clear();
    for (const outcome of await Promise.allSettled(passes)) if (outcome.status === "fulfilled") outcome.value.destroy();
  }

  /** Returns an entry's pass; one that could not be made is forgotten, so that the next call tries again. */
  async #made(name: string, entry: Entry): Promise<Pass> {
    try {
      return await entry.pass;
    } catch (error) {
      if (this.#entries.get(name) === entry) this.#entries.delete(name);
      throw error;
    }
  }

  #trim(): void {
    for (const [name, { pass, users }] of this.#entries) {
      if (this.#entries.size <= KEPT) return;
      if (users > 0) continue;
      this.#entries.delete(name);
      // It was made before it could be out of use.
      pass.then((unused) => unused.destroy());
    }
  }

  async #enter(): Promise<void> {
    if (this.#calls < CALLS) this.#calls++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Hands the place of a call on to the one that waits longest. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#calls--;
  }
}
