/**
 * What a row that says how long something lasted says of the intervals that time is cut into.
 *
 * @module
 */
import { isMissing, readAmount } from "./amount.ts";
import { createLabelReader, type LabelReader, UNKNOWN_LABEL } from "./label.ts";
import type { RowFault } from "./rejections.ts";
import type { Schema } from "./schema.ts";
import type { DeclaredSurvival } from "./survival.ts";

/**
 * Says of each interval whether the end came in it (1), did not come (0), or is not known to have come or not (-1).
 *
 * A row whose end was seen survived the intervals that end by then, and ended in the next one. A censored one survived
 * the intervals whose middle it reached, as in M. Gensheimer and B. Narasimhan: A scalable discrete-time survival model
 * for neural networks. PeerJ 7, 2019.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(labelIntervals(2, true, [0, 1, 3, 5]), [0, 1, -1]);
 * assert.deepEqual(labelIntervals(2, false, [0, 1, 3, 5]), [0, 0, -1]);
 * ```
 */
export function labelIntervals(time: number, hasEnded: boolean, ends: readonly number[]): number[] {
  const until = (k: number): number => hasEnded ? ends[k + 1] : (ends[k] + ends[k + 1]) / 2;
  return ends.slice(1).map((_, k) => {
    if (time >= until(k)) return 0;
    return hasEnded && (k === 0 || time >= ends[k]) ? 1 : UNKNOWN_LABEL;
  });
}

/** Reads the labels of rows that say how long something lasted. */
export class SurvivalReader {
  /** Reads whether the end was seen. */
  readonly event: LabelReader;
  readonly #survival: DeclaredSurvival;
  readonly #missing: ReadonlySet<string>;

  constructor(schema: Schema & { readonly survival: DeclaredSurvival }, missing: ReadonlySet<string>) {
    this.#survival = schema.survival;
    this.#missing = missing;
    this.event = createLabelReader(schema, schema.survival.event, missing);
  }

  /** Returns the labels of the intervals and then the {@linkcode KEPT_OF_SURVIVAL}, or says what is wrong. */
  read([time, event, weight]: readonly (string | undefined)[]): readonly number[] | RowFault {
    const { time: timeColumn, event: eventColumn, weight: weightColumn, heads } = this.#survival;
    const ended = this.event.read(event);
    if (typeof ended !== "number") return { ...ended, reason: `column "${eventColumn}": ${ended.reason}` };
    const lasted = readAmount(timeColumn, time, this.#missing);
    if (typeof lasted !== "number") return { ...lasted, ...(isMissing(time, this.#missing) && { missingLabel: true }) };
    const counted = weightColumn === undefined ? 1 : readAmount(weightColumn, weight, this.#missing);
    if (typeof counted !== "number") return counted;
    return [
      ...Object.values(heads).flatMap((ends) => labelIntervals(lasted, ended === 1, ends)),
      ...[counted, lasted, ended],
    ];
  }
}
