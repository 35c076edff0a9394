/**
 * How the scores of two versions of a model differ on the same rows.
 *
 * @module
 */
import type { TaskScores } from "./outputs.ts";

/** How the scores of one task differ. */
export interface ScoreDifference {
  /** Mean of |live - other| over the rows. */
  readonly meanAbsoluteDifference: number;
  /** Pearson's correlation; null where the scores of a version are all the same. */
  readonly correlation: number | null;
}

/** Sums over pairs of scores, as Welford's method has them: exact also where scores hardly vary. */
class ScorePairs {
  #rows = 0;
  #absolute = 0;
  readonly #mean = [0, 0];
  readonly #squares = [0, 0];
  #product = 0;

  add(x: number, y: number): void {
    this.#rows++;
    this.#absolute += Math.abs(x - y);
    const [dx, dy] = [x - this.#mean[0], y - this.#mean[1]];
    this.#mean[0] += dx / this.#rows;
    this.#mean[1] += dy / this.#rows;
    this.#squares[0] += dx * (x - this.#mean[0]);
    this.#squares[1] += dy * (y - this.#mean[1]);
    this.#product += dx * (y - this.#mean[1]);
  }

  get difference(): ScoreDifference {
    const scale = Math.sqrt(this.#squares[0] * this.#squares[1]);
    return {
      meanAbsoluteDifference: this.#rows === 0 ? 0 : this.#absolute / this.#rows,
      correlation: scale > 0 ? this.#product / scale : null,
    };
  }
}

/** Compares the scores of a live version with those of another one, request by request. */
export class Comparison {
  readonly #tasks: ReadonlyMap<string, ScorePairs>;
  #requests = 0;
  #rows = 0;
  #rankings = 0;
  #changedTops = 0;
  #ms = 0;
  /** Requests that the other version was not asked, since there was too much to do. */
  dropped = 0;
  /** Requests that the other version did not answer. */
  errors = 0;

  /** Compares the scores of these tasks. */
  constructor(tasks: readonly string[]) {
    this.#tasks = new Map(tasks.map((task) => [task, new ScorePairs()]));
  }

  /** Requests that both versions answered. */
  get requests(): number {
    return this.#requests;
  }

  /** Rows of these requests. */
  get rows(): number {
    return this.#rows;
  }

  /** Rankings among these requests. */
  get rankings(): number {
    return this.#rankings;
  }

  /** Rankings that put another candidate first. */
  get changedTops(): number {
    return this.#changedTops;
  }

  /** Time that the other version took for these requests, in ms. */
  get ms(): number {
    return this.#ms;
  }

  /** How the scores differ, by task. */
  get differences(): ReadonlyMap<string, ScoreDifference> {
    return new Map(Array.from(this.#tasks, ([task, pairs]) => [task, pairs.difference]));
  }

  /**
   * Counts a request that both answered.
   *
   * @param rankedBy number of the task whose scores rank the rows; absent where they are no candidates
   */
  add(live: readonly TaskScores[], other: readonly TaskScores[], ms: number, rankedBy?: number): void {
    [...this.#tasks.values()].forEach((pairs, task) => {
      live[task].scores.forEach((score, row) => pairs.add(score, other[task].scores[row]));
    });
    this.#requests++;
    this.#rows += live[0].scores.length;
    this.#ms += ms;
    if (rankedBy === undefined) return;
    this.#rankings++;
    if (firstOf(live[rankedBy].logits) !== firstOf(other[rankedBy].logits)) this.#changedTops++;
  }
}

/** Returns the row of the highest logit, the first one of equal ones. */
function firstOf(logits: Float32Array): number {
  return logits.reduce((best, logit, row) => logit > logits[best] ? row : best, 0);
}
