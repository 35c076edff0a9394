/**
 * Reading times.
 *
 * @module
 */
import { parseNumber } from "./scaling.ts";

const DATE = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * Makes a reader of one column of times: numbers as they are, or ISO 8601 dates as ms since 1970, in UTC where they
 * name no zone. The first row decides which of the two, because mixing them would put rows in a wrong order.
 */
export function createTimeReader(): (text: string) => number | string {
  let read: ((text: string) => number) | undefined;
  return (text) => {
    read ??= Number.isNaN(parseNumber(text)) ? parseDate : parseNumber;
    const time = read(text);
    if (!Number.isNaN(time)) return time;
    const expected = read === parseDate ? "a number, or a date such as 2014-10-21 01:00:00" : "a number";
    return `expected ${expected}, received ${JSON.stringify(text)}`;
  };
}

function parseDate(text: string): number {
  const match = DATE.exec(text);
  if (match === null) return NaN;
  const [, day, clock = "00:00", zone = "Z"] = match;
  return Date.parse(`${day}T${clock}${zone.replace(/^([+-]\d\d)(\d\d)$/, "$1:$2")}`);
}
