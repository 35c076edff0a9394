/**
 * What the columns of an event log mean.
 *
 * @module
 */
import type { Ties } from "./event_windows.ts";
import { formatNames, formatValue } from "./format.ts";
import type { RowValue } from "./row_cells.ts";

/** A value that a column must have, or a test of its value. */
type EventTest = RowValue | ((value: RowValue) => boolean);

/** Options of {@linkcode sequencesFrom} and {@linkcode readEvents}. */
export interface EventOptions {
  /** Column of the user. An event without a user has an empty history and enters none. */
  user: string;
  /** Column whose values become the history. An event without an item enters no history. */
  item: string;
  /** Column of the time: numbers, or dates such as `2014-10-21 01:00:00`. */
  time: string;
  /** Column of the list of earlier items. @default {"history"} */
  name?: string;
  /** Further columns of the same events; the list of column c is named `<name>_<c>`. @default {none} */
  along?: readonly string[];
  /** Earlier events that are kept, the latest. @default {50, or the most that a schema keeps of its sequences} */
  maxLength?: number;
  /**
   * Which events enter histories: columns with the value that they must have, or with a test of it. Values are compared
   * as texts, and a test in `readEvents` gets texts. @default {all events}
   */
  where?: Readonly<Record<string, RowValue | ((value: RowValue) => boolean)>>;
  /**
   * What becomes of events of one user and one time. `"apart"`: they do not see each other. `"order"`: those that come
   * first in the log precede the others. @default {"apart"}
   */
  ties?: "apart" | "order";
}

/** Keys of {@linkcode EventOptions}. */
export const EVENT_KEYS: readonly (keyof EventOptions)[] = [
  ...["user", "item", "time", "name", "along", "maxLength", "where", "ties"] as const,
];

/** An event log as options describe it. */
export interface EventColumns {
  /** Column of the user. */
  readonly user: string;
  /** Column of the item. */
  readonly item: string;
  /** Column of the time. */
  readonly time: string;
  /** Columns of what histories hold, the item first, by the names of their lists. */
  readonly lists: ReadonlyMap<string, string>;
  /** What an event must be to enter histories. */
  readonly where: readonly (readonly [column: string, test: EventTest])[];
  /** Most events of a history, where it is given. */
  readonly maxLength: number | undefined;
  /** What becomes of events of one time. */
  readonly ties: Ties;
}

/**
 * Reads the options of an event log.
 *
 * @throws {TypeError} when an option is unknown, absent or of the wrong type
 * @throws {RangeError} when a value is out of its range
 */
export function readEventOptions(options: EventOptions): EventColumns {
  const unknown = Object.keys(options).find((key) => !EVENT_KEYS.includes(key as keyof EventOptions));
  if (unknown !== undefined) refuse(TypeError, `options are ${EVENT_KEYS.join(", ")}`, unknown);
  const { user, item, time, name = "history", along = [], maxLength, where = {}, ties = "apart" } = options;
  for (const [key, value] of Object.entries({ user, item, time, name })) {
    if (typeof value !== "string" || value === "") refuse(TypeError, `${key} must be a text that is not empty`, value);
  }
  if (!Array.isArray(along) || along.some((column) => typeof column !== "string")) {
    refuse(TypeError, "along must be a list of columns", along);
  }
  if (maxLength !== undefined && !(Number.isInteger(maxLength) && maxLength >= 1)) {
    refuse(RangeError, "maxLength must be an integer of at least 1", maxLength);
  }
  if (ties !== "apart" && ties !== "order") refuse(RangeError, 'ties must be "apart" or "order"', ties);
  const lists = new Map([[name, item], ...along.map((column) => [`${name}_${column}`, column] as const)]);
  if (lists.size !== along.length + 1) refuse(TypeError, "columns of along must differ", formatNames(along));
  return { user, item, time, lists, where: Object.entries(where), maxLength, ties };
}

/** Tells whether an event enters histories. */
export function passes(where: EventColumns["where"], valueOf: (column: string) => RowValue): boolean {
  return where.every(([column, test]) => {
    const value = valueOf(column);
    if (typeof test === "function") return test(value);
    return String(value ?? "") === String(test ?? "");
  });
}

function refuse(kind: typeof TypeError | typeof RangeError, what: string, received: unknown): never {
  throw new kind(`Cannot read events: ${what}, received ${formatValue(received)}`);
}
