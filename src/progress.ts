/**
 * Progress of a training run: a bar on a terminal, a line per quarter of an epoch elsewhere.
 *
 * @module
 */

/** Where progress is written; `process.stderr` is one. */
export interface ProgressStream {
  /** Whether the stream is a terminal, on which a line can be redrawn. */
  readonly isTTY?: boolean;
  /** Width of the terminal in characters. */
  readonly columns?: number;
  /** Writes text. */
  write(text: string): unknown;
}

/** Options of {@linkcode createProgress}. */
export interface ProgressOptions {
  /** Epochs of the run, which may stop before. */
  epochs: number;
  /** Rows of one epoch. */
  rows: number;
  /** Rows of one step; the last one of an epoch may have fewer. */
  batchSize: number;
  /** Where to write. @default {process.stderr} */
  stream?: ProgressStream;
  /** Clock in ms. @default {performance.now} */
  now?: () => number;
}

/** Shows how far a training run is. */
export interface Progress extends Disposable {
  /** Begins an epoch, counted from 1; a resumed one begins after `step` steps. */
  startEpoch(epoch: number, step?: number): void;
  /** Tells that `step` steps of the epoch are done, and the loss, where it is known. */
  update(step: number, loss?: number): void;
  /** Writes a line within an epoch. */
  note(text: string): void;
  /** Ends the epoch with one line of its metrics. */
  endEpoch(metrics?: Readonly<Record<string, number>>): void;
  /** Removes the bar and gives the terminal back. May be called at any time, also twice. */
  stop(): void;
}

/** The part of the bar library that is used here; the package ships no types. */
interface BarLibrary {
  SingleBar: new (
    options: object,
  ) => { start(total: number, value: number): void; update(value: number): void; stop(): void };
  Format: { BarFormat(progress: number, options: object): string };
}

/** Characters of the bar, so that the line fits in 80 columns. */
const BAR_WIDTH = 16;

/**
 * Creates the progress display that suits the stream: a bar when it is a terminal, else a line of text per quarter of
 * an epoch. The bar library is loaded here, and only for a terminal.
 *
 * @throws {RangeError} when a number is not a positive integer
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * let text = "";
 * const stream = { write: (part: string) => void (text += part) };
 * using progress = await createProgress({ epochs: 1, rows: 100, batchSize: 25, stream, now: () => 0 });
 * progress.startEpoch(1);
 * progress.update(1, 0.5);
 * progress.endEpoch({ auc: 0.75 });
 * assert.equal(text, "epoch 1/1  step 1/4  - rows/s  loss 0.50000  left -\nepoch 1/1  0:00  - rows/s  loss 0.50000  auc 0.75000\n");
 * ```
 */
export async function createProgress(options: ProgressOptions): Promise<Progress> {
  for (const option of ["epochs", "rows", "batchSize"] as const) {
    if (!Number.isInteger(options[option]) || options[option] < 1) {
      throw new RangeError(
        `Cannot create progress: ${option} must be a positive integer, received ${options[option]}`,
      );
    }
  }
  const stream = options.stream ?? (await import("node:process")).default.stderr;
  const meter = new Meter(options, options.now ?? (() => performance.now()));
  if (!stream.isTTY) return new TextProgress(meter, stream);
  const library: BarLibrary = (await import("npm:cli-progress@3.12.0")).default;
  return new BarProgress(meter, stream, library);
}

/** Counts steps and time and puts them in words. */
class Meter {
  readonly steps: number;
  readonly #options: ProgressOptions;
  readonly #now: () => number;
  #epoch = 1;
  #firstStep = 0;
  #step = 0;
  #startMs = 0;
  #lastMs = 0;
  #loss: number | undefined;

  constructor(options: ProgressOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
    this.steps = Math.ceil(options.rows / options.batchSize);
  }

  /** Quarters of the epoch that are done. */
  get quarter(): number {
    return Math.floor((4 * this.#step) / this.steps);
  }

  get epochText(): string {
    return `epoch ${this.#epoch}/${this.#options.epochs}`;
  }

  /** Steps of the epoch that are done. */
  get step(): number {
    return this.#step;
  }

  get stepText(): string {
    return `${this.#step}/${this.steps}`;
  }

  start(epoch: number, step: number): void {
    this.#epoch = epoch;
    this.#firstStep = this.#step = step;
    this.#startMs = this.#lastMs = this.#now();
    this.#loss = undefined;
  }

  update(step: number, loss: number | undefined): void {
    this.#step = step;
    this.#lastMs = this.#now();
    if (loss !== undefined) this.#loss = loss;
  }

  /** Speed, loss and time left in this epoch. */
  describeStep(): string {
    const rate = this.#rowsPerSecond();
    const left = rate === undefined ? "-" : formatTime((this.#options.rows - this.#rowsAt(this.#step)) / rate);
    return `${this.#describeSpeed()}  left ${left}`;
  }

  /** Time, speed, loss and metrics of the epoch; its evaluation does not count as time. */
  describeEpoch(metrics: Readonly<Record<string, number>>): string {
    const seconds = (this.#lastMs - this.#startMs) / 1000;
    const parts = Object.entries(metrics).map(([name, value]) => `  ${name} ${formatNumber(value)}`);
    return `${this.epochText}  ${formatTime(seconds)}  ${this.#describeSpeed()}${parts.join("")}`;
  }

  #describeSpeed(): string {
    const rate = this.#rowsPerSecond();
    const loss = this.#loss === undefined ? "-" : formatNumber(this.#loss);
    return `${rate === undefined ? "-" : Math.round(rate).toLocaleString("en-US")} rows/s  loss ${loss}`;
  }

  #rowsPerSecond(): number | undefined {
    const rows = this.#rowsAt(this.#step) - this.#rowsAt(this.#firstStep);
    const seconds = (this.#lastMs - this.#startMs) / 1000;
    return rows > 0 && seconds > 0 ? rows / seconds : undefined;
  }

  #rowsAt(step: number): number {
    return Math.min(step * this.#options.batchSize, this.#options.rows);
  }
}

/** Writes a line whenever a quarter of the epoch is done. */
class TextProgress implements Progress {
  readonly #meter: Meter;
  readonly #stream: ProgressStream;
  #quarter = 0;

  constructor(meter: Meter, stream: ProgressStream) {
    this.#meter = meter;
    this.#stream = stream;
  }

  startEpoch(epoch: number, step = 0): void {
    this.#meter.start(epoch, step);
    this.#quarter = this.#meter.quarter;
  }

  update(step: number, loss?: number): void {
    const meter = this.#meter;
    meter.update(step, loss);
    // The end of an epoch has a line of its own.
    if (meter.quarter === this.#quarter || step === meter.steps) return;
    this.#quarter = meter.quarter;
    this.#stream.write(`${meter.epochText}  step ${meter.stepText}  ${meter.describeStep()}\n`);
  }

  note(text: string): void {
    this.#stream.write(`${text}\n`);
  }

  endEpoch(metrics: Readonly<Record<string, number>> = {}): void {
    this.#stream.write(`${this.#meter.describeEpoch(metrics)}\n`);
  }

  stop(): void {}

  [Symbol.dispose](): void {}
}

/** Redraws one line; at the end of an epoch its metrics take the place of the bar. */
class BarProgress implements Progress {
  readonly #meter: Meter;
  readonly #stream: ProgressStream;
  readonly #bar: InstanceType<BarLibrary["SingleBar"]>;

  constructor(meter: Meter, stream: ProgressStream, { SingleBar, Format }: BarLibrary) {
    this.#meter = meter;
    this.#stream = stream;
    this.#bar = new SingleBar({
      stream,
      barsize: BAR_WIDTH,
      hideCursor: true,
      clearOnComplete: true,
      // A function, so that the texts are made when the line is drawn and not at every step.
      format: (options: object, { progress }: { progress: number }) =>
        `${meter.epochText} [${Format.BarFormat(progress, options)}] ${meter.stepText}  ${meter.describeStep()}`,
    });
  }

  startEpoch(epoch: number, step = 0): void {
    this.#meter.start(epoch, step);
    this.#bar.start(this.#meter.steps, step);
  }

  update(step: number, loss?: number): void {
    this.#meter.update(step, loss);
    this.#bar.update(step);
  }

  note(text: string): void {
    this.#bar.stop();
    this.#stream.write(`${text}\n`);
    this.#bar.start(this.#meter.steps, this.#meter.step);
  }

  endEpoch(metrics: Readonly<Record<string, number>> = {}): void {
    this.#bar.stop();
    this.#stream.write(`${this.#meter.describeEpoch(metrics)}\n`);
  }

  stop(): void {
    this.#bar.stop();
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

/** Writes whole seconds as `m:ss` or `h:mm:ss`. */
function formatTime(seconds: number): string {
  const whole = Math.round(seconds);
  const pad = (value: number): string => String(value % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return whole < 3600 ? `${minutes}:${pad(whole)}` : `${Math.floor(minutes / 60)}:${pad(minutes)}:${pad(whole)}`;
}

function formatNumber(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  return Math.abs(value) < 1e-3 ? value.toExponential(2) : value.toFixed(5);
}
