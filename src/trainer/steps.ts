/**
 * The steps of a training: what each is told, and when the device gets them.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { Plan, StepScalars } from "../graph/plan.ts";
import { ratesOf } from "../optimizer/parts.ts";
import { Backlog } from "./backlog.ts";
import type { TrainingBuffers } from "./buffers.ts";
import type { TrainerContext } from "./context.ts";
import type { FitOptions } from "./options.ts";
import { RowOrders } from "./row_orders.ts";
import type { Settings } from "./settings.ts";
import { stepsBehind, type TrainingState } from "./state.ts";

/** Steps of one submit, where nothing has to be uploaded in between. */
const STEPS_PER_SUBMIT = 4;

/** What steps depend on. */
export interface StepsOptions extends Settings {
  readonly context: TrainerContext;
  readonly data: Dataset;
  readonly options: FitOptions;
  readonly buffers: TrainingBuffers;
  /** Where training stands; each step moves it on. */
  readonly state: TrainingState;
  /** Returns the learning rate of a step, counted from 0. */
  rateAt(step: number): number;
}

/** Prepares steps, queues them and submits several at a time. */
export class Steps {
  /** The compiled step, once there is one. */
  plan: Plan | undefined;
  readonly #options: StepsOptions;
  readonly #orders: RowOrders | undefined;
  readonly #backlog: Backlog;
  readonly #perSubmit: number;
  /** Places of the next epoch's order that a step draws. */
  readonly #drawn: number;
  #queued: StepScalars[] = [];

  /** Begins with nothing submitted; the buffers are allocated. */
  constructor(options: StepsOptions) {
    const { context, data, options: { shuffle = true }, buffers: { feed, sorter }, batch, seed } = options;
    const { rows, labels } = data;
    const { negativeRate, epochs } = options;
    this.#options = options;
    this.#orders = RowOrders.of({ rows, labels, negativeRate, seed, epochs, shuffle });
    this.#backlog = new Backlog(context.gpu);
    this.#perSubmit = sorter ? 1 : Math.min(STEPS_PER_SUBMIT, feed.reach(rows));
    // Half an epoch draws the next order of rows that stream: their first chunk is gathered beside the last one of this.
    this.#drawn = rows > feed.capacity ? 2 * batch : batch;
  }

  /** Rows of an epoch. */
  get rowsPerEpoch(): number {
    return this.#orders?.rows ?? this.#options.data.rows;
  }

  /** Steps of an epoch. */
  get perEpoch(): number {
    return Math.ceil(this.rowsPerEpoch / this.#options.batch);
  }

  /** Begins an epoch, or the rest of one. */
  beginEpoch(): void {
    const { data, buffers, state } = this.#options;
    buffers.feed.begin(data, this.#orders?.begin(state.epoch));
    buffers.losses.begin(state.step);
  }

  /** Has the batch of the next step on the device, sorted, and returns the step's scalars. */
  prepare(): StepScalars {
    const { buffers: { feed, losses, sorter }, batch, seed, rules, state } = this.#options;
    const { position, step } = state;
    const first = position * batch;
    const rows = this.#rowsAt(position);
    const index = stepsBehind(state) + 1;
    const [own, ...others] = ratesOf(rules, this.#options.rateAt(step), index);
    sorter?.sort(first, { rows, index, seed });
    return {
      rows,
      first: feed.locate(first),
      index,
      seed,
      slot: losses.slotOf(step),
      ...own,
      others,
    };
  }

  /** Takes the next step, which is submitted with a few others. */
  async take(): Promise<void> {
    const { state, buffers } = this.#options;
    this.#queued.push(this.prepare());
    state.step++;
    state.position++;
    if (this.#queued.length === this.#perSubmit || state.position === this.perEpoch) await this.submit();
    // The device has steps to run meanwhile; between epochs it has none.
    this.#orders?.advance(this.#drawn);
    if (this.#queued.length === 0) buffers.feed.advance(this.#orders?.next);
    await this.#backlog.pass(state.step);
  }

  /** Submits the steps that were taken. */
  async submit(): Promise<void> {
    const { context: { access }, options: { profiler } } = this.#options;
    const steps = this.#queued;
    this.#queued = [];
    if (steps.length === 0) return;
    await access.write(() => this.plan!.run(steps, profiler));
  }

  /**
   * Reads the losses of all steps so far.
   *
   * @throws {DivergenceError} when one is not finite
   */
  async readLosses(): Promise<void> {
    await this.submit();
    const { state: { step, position }, buffers } = this.#options;
    await buffers.losses.read(step, (earlier) => this.#rowsAt(earlier - step + position));
  }

  /** Returns the rows of the epoch's batch at `position`. */
  #rowsAt(position: number): number {
    const { batch } = this.#options;
    return Math.min(batch, this.rowsPerEpoch - position * batch);
  }
}
