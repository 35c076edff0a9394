/**
 * Labels that are times, as they are declared: columns, and the intervals that time is cut into.
 *
 * @module
 */
import { formatValue } from "./format.ts";
import { requireKeys, requireText } from "./schema_checks.ts";

/** Columns that say how long something lasted, and the intervals in which a model is to predict its end. */
export interface DeclaredSurvival {
  /** Column of the time that passed until the end, or until the row was last seen without one; a number of at least 0. */
  readonly time: string;
  /** Column that says whether the end was seen, a label 1, or the row is censored, a label 0. */
  readonly event: string;
  /** Column of the row's weight in the loss, a number of at least 0 such as a click rate. @default {1 for each row} */
  readonly weight?: string;
  /**
   * Ascending ends of each head's intervals by the head's name: `{ short: [0, 1, 3] }` has the intervals [0, 1) and
   * [1, 3). A time before the first of them is in the first interval. Heads come in the order of their names.
   */
  readonly heads: Readonly<Record<string, readonly number[]>>;
}

/** What a data set keeps of each row behind the labels of the intervals: weight, time and whether the end was seen. */
export const KEPT_OF_SURVIVAL = ["weight", "time", "event"] as const;

/**
 * Reads what a schema declares of times.
 *
 * @throws {TypeError} when a key is unknown, absent or of the wrong type
 * @throws {RangeError} when columns are the same, or ends of intervals do not ascend
 */
export function parseSurvival(json: unknown): DeclaredSurvival {
  const { time, event, weight, heads } = requireKeys("survival", json, ["time", "event", "weight", "heads"]);
  requireText("survival", "time", time);
  requireText("survival", "event", event);
  if (weight !== undefined) requireText("survival", "weight", weight);
  if (new Set([time, event, weight]).size < 3) {
    throw new RangeError(
      `Cannot read schema: columns of survival must differ, received ${
        [time, event, weight].filter((column) => column !== undefined).join(", ")
      }`,
    );
  }
  // Files keep keys in the order of their names, and a model that was loaded must read rows as it did before.
  const parsed = Object.entries(requireKeys("heads of survival", heads, Object.keys(heads ?? {})))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (parsed.length === 0) throw new TypeError("Cannot read schema: survival must have a head, received none");
  return {
    time: time as string,
    event: event as string,
    ...(weight === undefined ? {} : { weight: weight as string }),
    heads: Object.fromEntries(parsed.map(([name, ends]) => [name, parseEnds(name, ends)])),
  };
}

function parseEnds(name: string, ends: unknown): readonly number[] {
  const isAscending = Array.isArray(ends) && ends.length >= 2 &&
    ends.every((end, k) => Number.isFinite(end) && end >= 0 && (k === 0 || end > ends[k - 1]));
  if (isAscending) return ends;
  throw new RangeError(
    `Cannot read schema: head "${name}" must have two or more ascending numbers of at least 0, received ${
      formatValue(ends)
    }`,
  );
}

/** Returns the columns that are read, in the order that `SurvivalReader` takes their texts. */
export function survivalColumns({ time, event, weight }: DeclaredSurvival): readonly string[] {
  return weight === undefined ? [time, event] : [time, event, weight];
}

/** Returns a name for each interval, head after head, such as `short 0-1`. */
export function intervalNames({ heads }: DeclaredSurvival): readonly string[] {
  return Object.entries(heads).flatMap(([name, ends]) => ends.slice(1).map((end, k) => `${name} ${ends[k]}-${end}`));
}

/** A head among those of a schema. */
export interface SurvivalHead {
  /** Its name. */
  readonly name: string;
  /** Number of its first interval among those of all heads. */
  readonly first: number;
  /** Ascending ends of its K intervals, K + 1 of them. */
  readonly ends: readonly number[];
}

/** Returns the heads with the places of their intervals. */
export function headsOf({ heads }: Pick<DeclaredSurvival, "heads">): readonly SurvivalHead[] {
  let first = 0;
  return Object.entries(heads).map(([name, ends]) => {
    const head = { name, first, ends };
    first += ends.length - 1;
    return head;
  });
}
