/**
 * Logs of events whose rows get the history of their user.
 *
 * @module
 */
import { type EventColumns, type EventOptions, passes, readEventOptions } from "./event_options.ts";
import { type EventWindows, NO_USER, windowsOf } from "./event_windows.ts";
import { formatValue } from "./format.ts";
import { type Row, type RowValue, valueOf } from "./row_cells.ts";
import { createTimeReader } from "./time.ts";
import { Interner } from "./vocabulary.ts";

export type { EventOptions } from "./event_options.ts";

/** Earlier events that are kept where nothing says how many. */
const MAX_LENGTH = 50;

/**
 * Adds to each event of a log what its user did before: the item of each earlier event, the oldest first, as a list.
 * Rows come in the order of the events, one for each. A history holds events of a smaller time alone, ordered by time
 * and then by their order in the log, so that neither the event itself nor a later one is ever in it.
 *
 * `readRows` takes the rows, with sequences of the names of the lists in its schema. An event without a user, which
 * null and the empty text are, has an empty history. The lists take 8 bytes of memory a value; `readEvents` encodes a
 * log without making them.
 *
 * @param events rows of the log, in any order
 * @throws {SyntaxError} when a time is none; the message names the row
 * @throws {TypeError} when an option is unknown or of the wrong type, or a user, item or time is a list
 * @throws {RangeError} when an option is out of its range
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const log = [
 *   { user: "u", item: "a", time: 1, click: 1 },
 *   { user: "u", item: "b", time: 2, click: 0 },
 *   { user: "u", item: "c", time: 3, click: 1 },
 * ];
 * const rows = sequencesFrom(log, { user: "user", item: "item", time: "time", where: { click: 1 } });
 * assert.deepEqual(rows.map(({ history }) => history), [[], ["a"], ["a"]]);
 * ```
 */
export function sequencesFrom(events: readonly Row[], options: EventOptions): Row[] {
  return [...eachWithSequences(events, options)];
}

/** Makes the rows of {@linkcode sequencesFrom} one after the other, those of the events from `start` to before `end`. */
export function* eachWithSequences(
  events: readonly Row[],
  options: EventOptions,
  start = 0,
  end: number = events.length,
): Generator<Row, void> {
  const columns = readEventOptions(options);
  const windows = windowsOfRows(events, columns);
  for (let event = start; event < end; event++) {
    const row: Record<string, Row[string]> = { ...events[event] };
    const earlier = windows.of(event);
    for (const [name, column] of columns.lists) {
      row[name] = Array.from(earlier, (index) => valueOf(events[index], column) as RowValue);
    }
    yield row;
  }
}

function windowsOfRows(events: readonly Row[], columns: EventColumns): EventWindows {
  const { user, item, time, where, maxLength = MAX_LENGTH, ties } = columns;
  const keys = createKeys(events.length);
  const readTime = createTimeReader();
  const users = new Interner();
  events.forEach((row, event) => {
    const cellOf = (column: string): RowValue => {
      const value = valueOf(row, column);
      if (typeof value !== "object" || value === null) return value as RowValue;
      throw new TypeError(`Cannot read row ${event}: "${column}" must be one value, received ${formatValue(value)}`);
    };
    for (const column of columns.lists.values()) cellOf(column);
    const read = readTime(String(cellOf(time) ?? ""));
    if (typeof read === "string") throw new SyntaxError(`Cannot read row ${event}: column "${time}": ${read}`);
    const owner = cellOf(user);
    keys.times[event] = read;
    keys.users[event] = isAbsent(owner) ? NO_USER : users.add(String(owner));
    keys.counted[event] = !isAbsent(cellOf(item)) && passes(where, cellOf) ? 1 : 0;
  });
  return windowsOf(keys, maxLength, ties);
}

/** Returns room for what is known of each event of a log. */
export function createKeys(events: number): { users: Uint32Array; times: Float64Array; counted: Uint8Array } {
  return { users: new Uint32Array(events), times: new Float64Array(events), counted: new Uint8Array(events) };
}

function isAbsent(value: RowValue): boolean {
  return value === undefined || value === null || value === "";
}
