/**
 * Learning rates over time: by evaluation ({@linkcode PlateauSchedule}) or by step.
 *
 * @module
 */

import { refuse, requirePositive } from "./schedule/checks.ts";

export { constant, cosine, oneCycle, type OneCycleOptions, polynomial } from "./schedule/by_step.ts";
export { type StepSchedule, warmup } from "./schedule/by_step.ts";

/** Metrics of one evaluation by name. */
export type Metrics = Readonly<Record<string, number>>;

/** Options of {@linkcode PlateauSchedule}. */
export interface PlateauOptions {
  /** Learning rate to begin with. */
  lr: number;
  /** What the learning rate is multiplied by after a failure. @default {0.1} */
  factor?: number;
  /** Learning rate below which it is not cut. @default {1e-6} */
  minLr?: number;
  /** Failures in a row after which training stops. @default {2} */
  patience?: number;
  /** Least improvement on the best value that counts as one. @default {1e-6} */
  minDelta?: number;
  /**
   * Metric to watch, of a task where its name follows as in `auc.click`, or a weighted sum of metrics such as
   * `{ auc: 1, logloss: -1 }`. Without a name it is the mean over the tasks.
   *
   * @default {"auc"}
   */
  monitor?:
    | "auc"
    | "logloss"
    | "concordance"
    | "rmse"
    | "mae"
    | `${"auc" | "logloss" | "concordance"}.${string}`
    | Metrics;
  /** Whether higher or lower is better. @default {"min"} for `logloss` and that of a task, `rmse` and `mae`, else `"max"` */
  mode?: "max" | "min";
}

/** What follows from one evaluation. */
export interface PlateauDecision {
  /** Whether this evaluation is the best so far: its parameters are the ones to keep. */
  improved: boolean;
  /** Whether to stop training and go back to the best parameters. */
  stop: boolean;
  /** Learning rate to go on with. */
  lr: number;
  /** Value of the monitor. */
  value: number;
}

// A type and not an interface, which could not be assigned to a JSON value.
/** Options and state of a {@linkcode PlateauSchedule} as JSON. */
export type PlateauState = {
  lr: number;
  factor: number;
  minLr: number;
  patience: number;
  minDelta: number;
  monitor: string | Record<string, number>;
  mode: "max" | "min";
  best: number | null;
  failures: number;
};

/**
 * Cuts the learning rate when evaluations stop improving, and stops training.
 *
 * An evaluation fails when it does not beat the best value by `minDelta`. Each failure multiplies the learning rate by
 * `factor`, down to `minLr`; `patience` failures in a row stop. A new best resets the count of failures but not the
 * learning rate.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const schedule = new PlateauSchedule({ lr: 0.5, factor: 0.5 });
 * assert.deepEqual(schedule.observe({ auc: 0.7 }), { improved: true, stop: false, lr: 0.5, value: 0.7 });
 * assert.deepEqual(schedule.observe({ auc: 0.6 }), { improved: false, stop: false, lr: 0.25, value: 0.6 });
 * assert.deepEqual(schedule.observe({ auc: 0.6 }), { improved: false, stop: true, lr: 0.125, value: 0.6 });
 * ```
 */
export class PlateauSchedule {
  readonly #state: PlateauState;

  /**
   * Creates a schedule that has seen no evaluation.
   *
   * @throws {RangeError} when an option is out of its range
   */
  constructor(options: PlateauOptions) {
    const monitor = typeof options.monitor === "object" ? { ...options.monitor } : options.monitor ?? "auc";
    this.#state = {
      lr: options.lr,
      factor: options.factor ?? 0.1,
      minLr: options.minLr ?? 1e-6,
      patience: options.patience ?? 2,
      minDelta: options.minDelta ?? 1e-6,
      monitor,
      mode: options.mode ?? (typeof monitor === "string" && /^(logloss|rmse|mae)(\.|$)/.test(monitor) ? "min" : "max"),
      best: null,
      failures: 0,
    };
    requireValid(this.#state);
  }

  /** Learning rate to train with. */
  get lr(): number {
    return this.#state.lr;
  }

  /** Best value of the monitor so far, null before the first evaluation. */
  get best(): number | null {
    return this.#state.best;
  }

  /** Whether `patience` evaluations in a row have failed. */
  get stopped(): boolean {
    return this.#state.failures >= this.#state.patience;
  }

  /**
   * Takes in the metrics of one evaluation.
   *
   * @throws {RangeError} when a monitored metric is missing or not finite; the schedule is then unchanged
   */
  observe(metrics: Metrics): PlateauDecision {
    const state = this.#state;
    const value = this.#valueOf(metrics);
    // An improvement by exactly minDelta counts, as it does in the reference recipe.
    const improved = state.best === null ||
      (state.mode === "max" ? value >= state.best + state.minDelta : value <= state.best - state.minDelta);
    if (improved) {
      state.best = value;
      state.failures = 0;
    } else {
      state.failures++;
      // A rate that begins below the floor stays where it is.
      state.lr = Math.min(state.lr, Math.max(state.lr * state.factor, state.minLr));
    }
    return { improved, stop: this.stopped, lr: state.lr, value };
  }

  /** Returns options and state, for a checkpoint. */
  toJSON(): PlateauState {
    return structuredClone(this.#state);
  }

  /**
   * Restores what {@linkcode PlateauSchedule.toJSON} returned: the copy decides as the original would.
   *
   * @throws {RangeError} when a number is out of its range
   */
  static fromJSON(state: PlateauState): PlateauSchedule {
    const { monitor, best, failures } = state;
    const schedule = new PlateauSchedule({ ...state, monitor: monitor as PlateauOptions["monitor"] });
    if (!Number.isInteger(failures) || failures < 0) refuse("failures must be a count", failures);
    if (best !== null && !Number.isFinite(best)) refuse("best must be finite or null", best);
    schedule.#state.best = best;
    schedule.#state.failures = failures;
    return schedule;
  }

  #valueOf(metrics: Metrics): number {
    const { monitor } = this.#state;
    const weights = typeof monitor === "string" ? { [monitor]: 1 } : monitor;
    let sum = 0;
    for (const [name, weight] of Object.entries(weights)) {
      const metric = metrics[name];
      if (!Number.isFinite(metric)) {
        throw new RangeError(`Cannot observe evaluation: metric "${name}" must be finite, received ${metric}`);
      }
      sum += weight * metric;
    }
    return sum;
  }
}

function requireValid({ lr, factor, minLr, patience, minDelta, monitor, mode }: PlateauState): void {
  requirePositive("lr", lr);
  if (!(factor > 0 && factor <= 1)) refuse("factor must lie in (0, 1]", factor);
  if (!(minLr >= 0 && minLr < Infinity)) refuse("minLr must be finite and not negative", minLr);
  if (!Number.isInteger(patience) || patience < 1) refuse("patience must be a positive integer", patience);
  if (!(minDelta >= 0 && minDelta < Infinity)) refuse("minDelta must be finite and not negative", minDelta);
  if (mode !== "max" && mode !== "min") refuse('mode must be "max" or "min"', mode);
  const weights = typeof monitor === "string" ? [1] : Object.values(monitor);
  if (weights.length === 0 || !weights.every(Number.isFinite)) {
    refuse("monitor must name metrics with finite weights", JSON.stringify(monitor));
  }
}
