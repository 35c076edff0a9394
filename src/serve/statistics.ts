/**
 * What a served model counts: requests, rows, batches, and where time goes.
 *
 * @module
 */

/** Number of events and the time that they took in all. */
export interface Duration {
  /** How many there were. */
  readonly count: number;
  /** Sum in ms. */
  readonly ms: number;
}

/** Parts of a request whose time is counted, as the protocol names them. */
export const STAGES = ["success", "fail", "queue", "compute_input", "compute_infer", "compute_output"] as const;

/** Part of a request. */
export type Stage = typeof STAGES[number];

/** Why a request failed, as Triton's counters name it. */
export type FailureReason = "REJECTED" | "CANCELED" | "BACKEND" | "OTHER";

/** Counts of one version of a model. */
export class ModelStatistics {
  readonly #stages: Map<Stage, Duration> = new Map(STAGES.map((stage) => [stage, { count: 0, ms: 0 }]));
  readonly #batches: Map<number, Duration> = new Map();
  readonly #failures: Map<FailureReason, number> = new Map();
  #rows = 0;
  #lastMs = 0;

  /** Rows that were scored. */
  get rows(): number {
    return this.#rows;
  }

  /** Batches that were computed. */
  get executions(): number {
    return [...this.#batches.values()].reduce((sum, { count }) => sum + count, 0);
  }

  /** When the last request was answered, in ms since 1970; 0 before the first. */
  get lastMs(): number {
    return this.#lastMs;
  }

  /** Times of the batches by their rows. */
  get batches(): ReadonlyMap<number, Duration> {
    return this.#batches;
  }

  /** Failed requests by reason. */
  get failures(): ReadonlyMap<FailureReason, number> {
    return this.#failures;
  }

  /** Returns the time of a stage. */
  stage(stage: Stage): Duration {
    return this.#stages.get(stage)!;
  }

  /** Counts a stage of a request. */
  add(stage: Stage, ms: number): void {
    const { count, ms: sum } = this.stage(stage);
    this.#stages.set(stage, { count: count + 1, ms: sum + ms });
  }

  /** Counts a request that was answered. */
  succeed(rows: number, ms: number, now: number): void {
    this.add("success", ms);
    this.#rows += rows;
    this.#lastMs = now;
  }

  /** Counts a request that failed. */
  fail(reason: FailureReason, ms: number): void {
    this.add("fail", ms);
    this.#failures.set(reason, (this.#failures.get(reason) ?? 0) + 1);
  }

  /** Counts a batch. */
  addBatch(rows: number, ms: number): void {
    const { count, ms: sum } = this.#batches.get(rows) ?? { count: 0, ms: 0 };
    this.#batches.set(rows, { count: count + 1, ms: sum + ms });
  }
}
