/**
 * Outputs of a served model: scores and logits by task, and survival where labels are times.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { FittedSchema } from "../data/fitted_schema.ts";
import { headsOf, type SurvivalHead } from "../data/survival.ts";
import { type SurvivalCurves, survivalCurves } from "../metrics.ts";
import { RequestError } from "./error.ts";
import type { OutputTensor } from "./infer.ts";

/** Scores of one task. */
export interface TaskScores {
  /** Probability of each row. */
  readonly scores: Float32Array<ArrayBuffer>;
  /** Logit of each row. */
  readonly logits: Float32Array<ArrayBuffer>;
}

/** An output as the model's metadata describe it. */
export interface OutputDescription {
  /** Name of the output. */
  readonly name: string;
  /** Numbers of a row. */
  readonly width: number;
}

/** The outputs of a model. */
export class ModelOutputs {
  readonly #tasks: readonly string[];
  readonly #heads: readonly SurvivalHead[];

  /** Reads the outputs off a schema. */
  constructor({ tasks, survival }: Pick<FittedSchema, "tasks" | "survival">) {
    this.#tasks = tasks;
    this.#heads = survival ? headsOf(survival) : [];
  }

  /**
   * The outputs as metadata describe them: `score` and `logit`, of each task where there are several, and `survival` and
   * `expected` of each head.
   */
  get descriptions(): OutputDescription[] {
    const suffixes = this.#tasks.length === 1 ? [""] : this.#tasks.map((task) => `_${task}`);
    return [
      ...suffixes.flatMap((suffix) => [`score${suffix}`, `logit${suffix}`]).map((name) => ({ name, width: 1 })),
      ...this.#heads.flatMap(({ name, ends }) => [
        { name: `survival_${name}`, width: ends.length - 1 },
        { name: `expected_${name}`, width: 1 },
      ]),
    ];
  }

  /** Returns the outputs of the protocol, `[B, width]` each. */
  tensorsOf(scores: readonly TaskScores[]): OutputTensor[] {
    const curves = Object.values(this.curvesOf(scores));
    const tensors = [
      ...scores.flatMap(({ scores, logits }) => [scores, logits]),
      ...curves.flatMap(({ survival, expectedTime }) => [survival, Float32Array.from(expectedTime)]),
    ];
    return this.descriptions.map(({ name, width }, i) => ({
      ...{ name, shape: [tensors[i].length / width, width], data: tensors[i] },
    }));
  }

  /** Returns survival probabilities and expected times by head; none where labels are no times. */
  curvesOf(scores: readonly TaskScores[]): Record<string, SurvivalCurves> {
    const entries = this.#heads.map(({ name, first, ends }) => {
      const hazards = scores.slice(first, first + ends.length - 1).map(({ scores }) => scores);
      return [name, survivalCurves(hazards, ends)] as const;
    });
    return Object.fromEntries(entries);
  }
}

/** Numbers from here on can be too large for a model: products of two of them leave float32. */
const HUGE = 1e18;

/**
 * Refuses logits that are no finite numbers, which JSON could not hold. They are the client's fault where the row has a
 * huge number.
 *
 * @throws {RequestError} when one is none; it names the row
 */
export function requireNumbers(
  { rows, values = new Float32Array(0) }: Dataset,
  logits: Float32Array,
  tasks: number,
): void {
  let at = 0;
  while (Number.isFinite(logits[at])) if (++at === logits.length) return;
  const row = Math.floor(at / tasks);
  const isHuge = values.some((value, i) => i % rows === row && Math.abs(value) >= HUGE);
  const why = isHuge ? `; its numbers must be below ${HUGE}` : "";
  throw new RequestError(
    isHuge ? 400 : 500,
    `Cannot answer: row ${row} must have a finite score, received ${logits[at]}${why}`,
  );
}
