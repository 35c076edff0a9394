/**
 * Evaluations during a training: after each epoch, and every so many steps.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { Evaluation } from "../metrics.ts";
import type { WeightAverage } from "./averaging.ts";
import type { BestEpoch } from "./best_epoch.ts";
import { requireFinite } from "./checks.ts";
import type { TrainerContext } from "./context.ts";
import type { FitOptions } from "./options.ts";
import type { TrainingState } from "./state.ts";

/** What evaluations depend on. */
export interface EvaluationsOptions {
  readonly context: TrainerContext;
  readonly options: FitOptions;
  /** Where training stands. */
  readonly state: TrainingState;
  /** Told of each evaluation. */
  readonly best: BestEpoch;
  /** What is evaluated in place of the weights, where it exists. */
  readonly average: WeightAverage | undefined;
}

/** What an evaluation came to. */
export interface Observation {
  /** Metrics on the validation data, where given. */
  readonly metrics: Evaluation | undefined;
  /** Whether it is the best so far. */
  readonly improved: boolean;
  /** Whether to stop. */
  readonly stop: boolean;
}

/** Evaluates, and keeps the best parameters. */
export class Evaluations {
  readonly #options: EvaluationsOptions;
  /** Metrics of the best evaluation of this run. */
  bestMetrics: Evaluation | undefined;
  #last: { readonly step: number; readonly observation: Observation } | undefined;

  /** Begins with none. */
  constructor(options: EvaluationsOptions) {
    this.#options = options;
  }

  /** Whether an evaluation is due within an epoch; the one at its end is none of these. */
  get isDue(): boolean {
    const { options: { evaluateEvery }, state: { step } } = this.#options;
    return evaluateEvery !== undefined && step % evaluateEvery.steps === 0;
  }

  /**
   * Evaluates the parameters after the steps so far, once.
   *
   * @param epoch epoch that they are of, from 1
   * @throws {DivergenceError} when a parameter is not finite
   */
  async observe(epoch: number): Promise<Observation> {
    const { state, average } = this.#options;
    if (this.#last?.step === state.step) return this.#last.observation;
    const observation = await (average ? average.during(() => this.#measure()) : this.#measure());
    if (observation.improved) {
      state.bestEpoch = epoch;
      state.bestStep = state.step;
      this.bestMetrics = observation.metrics;
    }
    this.#last = { step: state.step, observation };
    return observation;
  }

  async #measure(): Promise<Observation> {
    const { context: { store }, options: { validation }, best, state: { step } } = this.#options;
    const metrics = validation && await this.#evaluate(validation);
    return { metrics, ...await best.observe(metrics, store, step) };
  }

  /** Evaluates; where that fails because of the parameters, the error names them. */
  async #evaluate(validation: Dataset): Promise<Evaluation> {
    const { context, state } = this.#options;
    try {
      return await context.evaluate(validation);
    } catch (error) {
      if (error instanceof RangeError) requireFinite(await context.store.download(), state.step);
      throw error;
    }
  }
}
