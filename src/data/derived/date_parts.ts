/**
 * Parts of dates as names: what clock and calendar show.
 *
 * @module
 */
import { formatValue } from "../format.ts";

/** A part of a date. */
export type DatePart = "hour" | "weekday" | "weekend" | "month" | "day";

/** All parts of a date. */
export const DATE_PARTS: readonly DatePart[] = ["hour", "weekday", "weekend", "month", "day"];

const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/** Returns the name of a part, from a date whose fields in UTC are what the clocks of a place show. */
const NAME_OF: Readonly<Record<DatePart, (date: Date) => string>> = {
  hour: (date) => String(date.getUTCHours()),
  weekday: (date) => WEEKDAYS[date.getUTCDay()],
  weekend: (date) => date.getUTCDay() % 6 === 0 ? "yes" : "no",
  month: (date) => String(date.getUTCMonth() + 1),
  day: (date) => String(date.getUTCDate()),
};

/**
 * Makes a function that names a part of an instant, given in ms since 1970 in UTC.
 *
 * @param timeZone name of the zone whose clocks count
 */
export function createPartReader(part: DatePart, timeZone: string): (instant: number) => string {
  const name = NAME_OF[part];
  if (timeZone === "UTC") return (instant) => name(new Date(instant));
  const offsetAt = createOffsets(timeZone);
  return (instant) => name(new Date(instant + offsetAt(instant)));
}

/**
 * Refuses what is no time zone.
 *
 * @throws {RangeError} then
 */
export function requireTimeZone(owner: string, timeZone: string): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch {
    throw new RangeError(
      `Cannot read schema: timeZone of ${owner} must be a zone such as Europe/Berlin, received ${
        formatValue(timeZone)
      }`,
    );
  }
}

// Clocks are changed at full quarters of an hour, so that one offset is that of the whole quarter.
const QUARTER = 15 * 60 * 1000;
const MOST_QUARTERS = 1 << 15;

/** Makes a function that returns by how many ms the clocks of a zone are ahead of UTC; it asks once for each quarter of an hour. */
function createOffsets(timeZone: string): (instant: number) => number {
  const clock = new Intl.DateTimeFormat("en-US", {
    ...{ timeZone, hourCycle: "h23", era: "short" },
    ...{ year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" },
  });
  const known = new Map<number, number>();
  return (instant) => {
    const quarter = Math.floor(instant / QUARTER);
    let offset = known.get(quarter);
    if (offset === undefined) {
      offset = offsetOf(clock, quarter * QUARTER);
      if (known.size === MOST_QUARTERS) known.clear();
      known.set(quarter, offset);
    }
    return offset;
  };
}

function offsetOf(clock: Intl.DateTimeFormat, instant: number): number {
  const shown = Object.fromEntries(clock.formatToParts(instant).map(({ type, value }) => [type, value]));
  const [year, month, day, hour, minute, second] = ["year", "month", "day", "hour", "minute", "second"].map((part) =>
    Number(shown[part])
  );
  const date = new Date(0);
  date.setUTCFullYear(shown.era === "BC" ? 1 - year : year, month - 1, day);
  return date.setUTCHours(hour, minute, second) - instant;
}
