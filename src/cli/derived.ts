/**
 * Options that make features of columns: crosses, parts of dates, statistics of the past, and hash buckets.
 *
 * @module
 */
import { cross } from "../data/derived/cross.ts";
import { DATE_PARTS, type DatePart } from "../data/derived/date_parts.ts";
import { dateParts } from "../data/derived/dates.ts";
import { pastCount, pastRate } from "../data/derived/past.ts";
import type { CategoricalOptions, Feature } from "../data/schema.ts";
import type { OptionGroups, Options } from "./options.ts";

/** Options that make features of columns. */
export const DERIVED_OPTIONS = {
  "hash-buckets": {
    value: "N",
    help: "hash the names of all categorical columns to N rows, or of some, as in user=100000,ad=5000",
  },
  "new-value-buckets": {
    value: "N",
    help: "hash names rarer than --min-count, and names that are new later, to N rows, likewise",
  },
  cross: {
    value: "COLUMNS",
    help: "combinations of names as in user*category,user*site; also of parts of --dates and of\n" +
      "numbers with --buckets, as in time_hour*category,price*category",
  },
  "cross-buckets": { value: "N", help: "hash combinations to N rows (default: a row for each)" },
  dates: {
    value: "COLUMNS",
    help: "parts of dates as names, as in time:hour,weekday; there are hour, weekday, weekend, month\nand day",
  },
  "date-format": {
    value: "FORMAT",
    help:
      "how dates are written: seconds, milliseconds, a pattern such as yyMMddHH, or auto\n(default) for seconds and dates such as '2014-10-21 01:00:00'",
  },
  "time-zone": { value: "ZONE", help: "zone whose clocks count for --dates, such as Europe/Berlin (default UTC)" },
  "past-rate": {
    value: "COLUMNS",
    help:
      "share of earlier rows with label 1 among those of the same name, or combination, as in\nuser,user*category; earlier by --time, or else by position",
  },
  "past-count": { value: "COLUMNS", help: "number of earlier rows of the same name or combination" },
  "past-window": {
    value: "X",
    help: "how far back earlier rows may be, in the unit of --time, ms for dates (default: all)",
  },
  "past-smoothing": {
    value: "X",
    help: "rows at the prior rate that each name is taken to have had besides (default 20)",
  },
  "past-prior": { value: "P", help: "rate of a name without earlier rows (default: that of all earlier rows)" },
} as const satisfies OptionGroups[string];

type DerivedOption = keyof typeof DERIVED_OPTIONS;

/** Returns how a categorical column is hashed, and which of its names have rows of their own. */
export type HashingOf = (name: string) => Pick<CategoricalOptions, "minCount" | "hashBuckets" | "newValueBuckets">;

/**
 * Reads how categorical columns are hashed.
 *
 * @param names the columns
 * @param minCount least count of a name with a row of its own, if given
 * @throws {UsageError} when a number is none, or of a column that is not there
 */
export function readHashing(
  options: Options<DerivedOption>,
  names: readonly string[],
  minCount: number | undefined,
): HashingOf {
  const hashed = readBuckets(options, "hash-buckets", names);
  const beside = readBuckets(options, "new-value-buckets", names);
  return (name) => {
    const hashBuckets = hashed(name);
    if (hashBuckets !== undefined) return { hashBuckets };
    const newValueBuckets = beside(name);
    return {
      ...(minCount === undefined ? {} : { minCount }),
      ...(newValueBuckets === undefined ? {} : { newValueBuckets }),
    };
  };
}

/** Reads a number of buckets for all columns, or numbers behind the names of some and an equals sign. */
function readBuckets(
  options: Options<DerivedOption>,
  option: "hash-buckets" | "new-value-buckets",
  names: readonly string[],
): (name: string) => number | undefined {
  const buckets = new Map<string | undefined, number>();
  for (const text of options.exact(option)) {
    const at = text.lastIndexOf("=");
    const name = at < 0 ? undefined : text.slice(0, at);
    const count = Number(text.slice(at + 1));
    if (name !== undefined && !names.includes(name)) {
      options.refuse(`option "--${option}" must name a column of "--categorical", received "${name}"`);
    }
    if (!Number.isInteger(count) || count < 1) {
      options.refuse(`option "--${option}" must have integers of at least 1, as in user=1000, received "${text}"`);
    }
    buckets.set(name, count);
  }
  return (name) => buckets.get(name) ?? buckets.get(undefined);
}

/**
 * Reads the features that are made of columns.
 *
 * @param minCount least count of a combination with a row of its own, if given
 * @throws {UsageError} when an option has none of its forms, or needs another
 */
export function readDerived(options: Options<DerivedOption>, minCount: number | undefined): Feature[] {
  options.require("cross", ["cross-buckets"]);
  options.require("dates", ["date-format", "time-zone"]);
  options.require("past-rate", ["past-smoothing", "past-prior"]);
  if (!options.has("past-count")) options.require("past-rate", ["past-window"]);
  return [...readCrosses(options, minCount), ...readDates(options), ...readPast(options)];
}

function readCrosses(options: Options<DerivedOption>, minCount: number | undefined): Feature[] {
  const hashBuckets = options.integer("cross-buckets", 1);
  const how = hashBuckets === undefined ? { minCount } : { hashBuckets };
  return options.exact("cross").map((text) => cross(columnsOf(options, "cross", text, 2), how));
}

function columnsOf(options: Options<DerivedOption>, option: DerivedOption, text: string, least: number): string[] {
  const columns = text.split("*");
  if (columns.length >= least && columns.every((column) => column !== "")) return columns;
  return options.refuse(`option "--${option}" must be like user*category, received "${text}"`);
}

/** Reads parts of dates; a text without a column is another part of the column before it. */
function readDates(options: Options<DerivedOption>): Feature[] {
  const parts = new Map<string, DatePart[]>();
  let column = "";
  for (const text of options.exact("dates")) {
    const at = text.lastIndexOf(":");
    if (at >= 0) column = text.slice(0, at);
    const part = text.slice(at + 1);
    if (column === "" || !DATE_PARTS.includes(part as DatePart)) {
      options.refuse(
        `option "--dates" must be like time:hour,weekday with parts of ${DATE_PARTS.join(", ")}, received "${text}"`,
      );
    }
    parts.set(column, [...parts.get(column) ?? [], part as DatePart]);
  }
  const form = { format: options.text("date-format"), timeZone: options.text("time-zone") };
  return [...parts].flatMap(([name, wanted]) => dateParts(name, { parts: wanted, ...form }));
}

function readPast(options: Options<DerivedOption>): Feature[] {
  const window = options.number("past-window");
  const smoothing = options.number("past-smoothing");
  const prior = options.number("past-prior");
  const columns = (option: "past-rate" | "past-count") =>
    options.exact(option).map((text) => columnsOf(options, option, text, 1));
  return [
    ...columns("past-rate").map((of) => pastRate(of, { window, smoothing, prior })),
    ...columns("past-count").map((of) => pastCount(of, { window })),
  ];
}
