/**
 * Reading the instants that dates and times of a column stand for.
 *
 * @module
 */
import { formatText, formatValue } from "../format.ts";
import { parseNumber } from "../scaling.ts";
import { daysIn, parseDate } from "../time.ts";

/** Reads a text as ms since 1970 in UTC; NaN for one that is no date. */
export type DateReader = (text: string) => number;

/** Forms of dates that have names, beside patterns such as `yyMMddHH`. */
export const DATE_FORMATS = ["auto", "seconds", "milliseconds"] as const;

// Beyond this, no calendar has a date.
const LAST = 8.64e15;

const SECOND = 1000;

/** Digits by letter of a pattern. */
const PARTS = { yyyy: 4, yy: 2, MM: 2, dd: 2, HH: 2, mm: 2, ss: 2 } as const;

type Part = keyof typeof PARTS;

/**
 * Makes a reader of dates.
 *
 * | format | text |
 * | --- | --- |
 * | `auto` | a number of seconds since 1970, or an ISO 8601 date, in UTC where it names no zone |
 * | `seconds`, `milliseconds` | a number of them since 1970 |
 * | a pattern | digits where it has `yyyy`, `yy` (of this century), `MM`, `dd`, `HH`, `mm`, `ss`; else its own characters |
 *
 * @throws {RangeError} when a pattern has no year, month and day, or has one of its parts twice
 */
export function createDateReader(owner: string, format: string): DateReader {
  if (format === "auto") {
    return (text) => {
      const date = parseDate(text);
      return Number.isNaN(date) ? instantOf(parseNumber(text), SECOND) : date;
    };
  }
  if (format === "seconds" || format === "milliseconds") {
    const unit = format === "seconds" ? SECOND : 1;
    return (text) => instantOf(parseNumber(text), unit);
  }
  return createPatternReader(owner, format);
}

/** Says what a reader of dates expects. */
export function describeNoDate(format: string, text: string): string {
  const expected = format === "auto"
    ? "a number of seconds or a date such as 2014-10-21 01:00:00"
    : format === "seconds" || format === "milliseconds"
    ? `a number of ${format} since 1970`
    : `a date of the form ${format}`;
  return `expected ${expected}, received ${formatText(text)}`;
}

/** Tells whether dates of a form have a time of the day. */
export function hasHours(format: string): boolean {
  return (DATE_FORMATS as readonly string[]).includes(format) || format.includes("HH");
}

function instantOf(count: number, unit: number): number {
  const instant = count * unit;
  return Math.abs(instant) <= LAST ? instant : NaN;
}

function createPatternReader(owner: string, format: string): DateReader {
  const parts: Part[] = [];
  const source = format.replace(/yyyy|yy|MM|dd|HH|mm|ss|[\s\S]/g, (token) => {
    if (!Object.hasOwn(PARTS, token)) return token.replace(/[.*+?^${}()|[\]\\/-]/, "\\$&");
    parts.push(token as Part);
    return `(\\d{${PARTS[token as Part]}})`;
  });
  const years = parts.filter((part) => part === "yyyy" || part === "yy").length;
  const isWhole = years === 1 && parts.includes("MM") && parts.includes("dd");
  if (!isWhole || new Set(parts).size < parts.length) {
    throw new RangeError(
      `Cannot read schema: format of ${owner} must be ${
        DATE_FORMATS.join(", ")
      } or a pattern with yyyy or yy, MM and ` +
        `dd, each once, received ${formatValue(format)}`,
    );
  }
  const pattern = new RegExp(`^${source}$`);
  return (text) => {
    const digits = pattern.exec(text);
    if (digits === null) return NaN;
    const numbers = Object.fromEntries(parts.map((part, i) => [part, Number(digits[i + 1])]));
    const { yyyy, yy = 0, MM, dd, HH = 0, mm = 0, ss = 0 } = numbers;
    const year = yyyy ?? 2000 + yy;
    const isDay = MM >= 1 && MM <= 12 && dd >= 1 && dd <= daysIn(year, MM);
    return isDay && HH < 24 && mm < 60 && ss < 60 ? utcOf([year, MM - 1, dd, HH, mm, ss]) : NaN;
  };
}

/** Returns an instant; years below 100 are those of the first century. */
function utcOf([year, month, day, hour, minute, second]: readonly number[]): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date.setUTCHours(hour, minute, second);
}
