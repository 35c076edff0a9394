/**
 * Reading times.
 *
 * @module
 */
import { formatText } from "./format.ts";
import { parseNumber } from "./scaling.ts";

const DATE = /^((\d{4}-\d\d)-(\d\d))(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * Makes a reader of one column of times: numbers as they are, or ISO 8601 dates as ms since 1970, in UTC where they
 * name no zone. The first row decides which of the two, because mixing them would put rows in a wrong order. A day that
 * its month does not have is no date.
 */
export function createTimeReader(): (text: string) => number | string {
  let read: ((text: string) => number) | undefined;
  return (text) => {
    const first = read ?? (DATE.test(text) ? parseDate : parseNumber);
    const time = first(text);
    if (!Number.isNaN(time)) {
      read = first;
      return time;
    }
    const date = "a date such as 2014-10-21 01:00:00";
    const expected = read === undefined ? `a number or ${date}` : read === parseDate ? date : "a number";
    return `expected ${expected}, received ${formatText(text)}`;
  };
}

/** Reads an ISO 8601 date as ms since 1970, in UTC where it names no zone; NaN for anything else. */
export function parseDate(text: string): number {
  const match = DATE.exec(text);
  if (match === null) return NaN;
  const [, day, month, dayOfMonth, clock = "00:00", zone = "Z"] = match;
  const [year, number] = month.split("-").map(Number);
  if (Number(dayOfMonth) > daysIn(year, number)) return NaN;
  return Date.parse(`${day}T${clock}${zone.replace(/^([+-]\d\d)(\d\d)$/, "$1:$2")}`);
}

/** Returns the last day of a month, from 1 to 12, because `Date.parse` takes February 31 for March 2. */
export function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
