/**
 * A version that gets copies of requests, to see how it would have answered.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { Comparison } from "./comparison.ts";
import type { InputColumns } from "./inputs.ts";
import type { TaskScores } from "./outputs.ts";
import type { ServedModel } from "./served_model.ts";

/** A request that was answered, for another version to answer as well. */
export interface MirroredRequest {
  /** Reads the request's rows for the columns of a model. */
  readonly encode: (columns: InputColumns) => Dataset;
  /** Scores of the answer, by task. */
  readonly scores: readonly TaskScores[];
  /** Number of the task whose scores rank the rows; absent where they are no candidates. */
  readonly rankedBy?: number;
}

/** Requests that a shadow computes at a time; more are dropped. */
const MOST_AT_ONCE = 4;

/** A version that gets copies of a share of the requests. */
export class Shadow {
  /** Version of the model. */
  readonly version: string;
  /** Share of the requests, in (0, 1]. */
  readonly share: number;
  /** How its scores differ from those of the answers. */
  readonly comparison: Comparison;
  readonly #model: ServedModel;
  readonly #running = new Set<Promise<void>>();
  #seen = 0;

  /** Compares `model` with the answers. */
  constructor(model: ServedModel, share: number) {
    this.version = model.version;
    this.share = share;
    this.comparison = new Comparison(model.tasks);
    this.#model = model;
  }

  /**
   * Takes a copy of a request, if it is one of the share and there is time for it: none of the live version's requests
   * waits, and few copies are at work. Returns at once, and never throws.
   */
  offer(live: ServedModel, request: MirroredRequest): void {
    const before = Math.floor(this.#seen * this.share);
    this.#seen++;
    if (Math.floor(this.#seen * this.share) === before) return;
    if (this.#running.size >= MOST_AT_ONCE) {
      this.comparison.dropped++;
      return;
    }
    const running: Promise<void> = this.#answer(live, request).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Resolves once all copies that were taken are computed. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #answer(live: ServedModel, { encode, scores, rankedBy }: MirroredRequest): Promise<void> {
    // The answer leaves in the turn of the event loop that offered the copy; work on the copy begins in a later one.
    await new Promise<void>((resolve) => setTimeout(resolve));
    if (live.pending + this.#model.pending > 0) {
      this.comparison.dropped++;
      return;
    }
    try {
      const start = performance.now();
      const own = await this.#model.answer(() => encode(this.#model.columns), (own) => own);
      this.comparison.add(scores, own, performance.now() - start, rankedBy);
    } catch {
      // The model's own statistics have the reason.
      this.comparison.errors++;
    }
  }
}
