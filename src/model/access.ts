/**
 * Who uses a model's parameters, and when.
 *
 * Reading calls run side by side. Training is alone among writers, and changes the parameters only while nobody reads:
 * a reading call that begins during training sees the parameters of that moment until it ends. Work that nobody waits for
 * holds back no change: it compares versions at its end.
 *
 * @module
 */

/** Keeps reading calls and training apart. */
export class Access {
  #readers = 0;
  #watchers = 0;
  #isTraining = false;
  #version = 0;
  /** Settles when the training has had its turn; absent unless it waits for one. */
  #turn: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #onQuiet: (() => void)[] = [];

  /** Grows whenever the parameters may have changed; it stays the same while somebody reads them. */
  get version(): number {
    return this.#version;
  }

  /** Whether a training runs, so that the parameters will change soon. */
  get isTraining(): boolean {
    return this.#isTraining;
  }

  /**
   * Does work that reads the parameters.
   *
   * @param action what the work does, as in `Cannot <action>`
   * @throws {Error} when the model was disposed
   */
  async read<T>(action: string, work: () => Promise<T>): Promise<T> {
    this.#requireOpen(action);
    // One who comes while the training waits lets it go first, or it would wait for ever where calls never cease.
    while (this.#turn) await this.#turn;
    this.#requireOpen(action);
    this.#readers++;
    try {
      return await work();
    } finally {
      this.#readers--;
      this.#tellQuiet();
    }
  }

  /**
   * Does work that reads parameters while they may change, and for which only the disposal waits: what it read counts only
   * where {@linkcode Access.version} is the same at its end.
   *
   * @throws {Error} when the model was disposed
   */
  async watch<T>(action: string, work: () => Promise<T>): Promise<T> {
    this.#requireOpen(action);
    this.#watchers++;
    try {
      return await work();
    } finally {
      this.#watchers--;
      this.#tellQuiet();
    }
  }

  /**
   * Trains, which may change the parameters through {@linkcode Access.write}.
   *
   * @throws {Error} when a training runs already, or the model was disposed
   */
  async train<T>(work: () => Promise<T>): Promise<T> {
    this.#requireOpen("train");
    if (this.#isTraining) {
      throw new Error("Cannot train: one fit at a time can change a model, received another while one runs");
    }
    this.#isTraining = true;
    try {
      return await work();
    } finally {
      this.#isTraining = false;
      this.#tellQuiet();
    }
  }

  /**
   * Submits work of the training that changes the parameters, once nobody reads them.
   *
   * @throws {Error} when the model was disposed
   */
  async write(work: () => void): Promise<void> {
    this.#requireOpen("go on training");
    if (this.#readers === 0) {
      this.#version++;
      return work();
    }
    await this.alone(() => Promise.resolve(work()));
  }

  /**
   * Does work of the training that changes the parameters for a while, once nobody reads them; reading calls wait for its
   * end.
   *
   * @throws {Error} when the model was disposed
   */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = Promise.withResolvers<void>();
    this.#turn = turn.promise;
    try {
      await this.#quiet(() => this.#readers === 0);
      this.#requireOpen("go on training");
      this.#version++;
      return await work();
    } finally {
      this.#turn = undefined;
      turn.resolve();
    }
  }

  /**
   * Refuses what would change the parameters under somebody's hands; whoever calls this is to change them next.
   *
   * @throws {Error} when a training or a reading call runs, or the model was disposed
   */
  requireUnused(action: string): void {
    this.#requireOpen(action);
    const user = this.#isTraining ? "a fit" : this.#readers > 0 ? "a call that reads them" : undefined;
    if (user) {
      throw new Error(`Cannot ${action}: nothing else may use the parameters, received ${user} that still runs`);
    }
    this.#version++;
  }

  /** Refuses all calls from here on, and waits for those that run; a training ends before its next step. */
  close(): Promise<void> {
    return this.#closing ??= this.#quiet(() => this.#readers + this.#watchers === 0 && !this.#isTraining);
  }

  #requireOpen(action: string): void {
    if (this.#closing) throw new Error(`Cannot ${action}: the model was disposed`);
  }

  async #quiet(isQuiet: () => boolean): Promise<void> {
    while (!isQuiet()) await new Promise<void>((resolve) => this.#onQuiet.push(resolve));
  }

  #tellQuiet(): void {
    for (const resolve of this.#onQuiet.splice(0)) resolve();
  }
}
