/**
 * Options that say of each feature how it is prepared.
 *
 * @module
 */
import type { IfMissing } from "../data/absence.ts";
import { type Buckets, isAscending } from "../data/bucket_edges.ts";
import { parseNumber } from "../data/scaling.ts";
import type { TextRules } from "../data/text_rules.ts";
import type { OptionGroups, Options } from "./options.ts";

/** Options that say how values are prepared. */
export const FEATURE_OPTIONS = {
  buckets: {
    value: "HOW",
    help: "cut numbers into buckets instead of scaling them: 12 for as many quantiles, log for\n" +
      "floor(ln(x)^2), 18:25:40 for edges (18: for one); of some columns, as in\nage=18:25:40,price=log",
  },
  "if-missing": {
    value: "HOW",
    help: "what becomes of a missing value: own (default) for a row of its own, mode, value:X, and\n" +
      "of numbers mean, median or nearest; of all columns, or of some, as in\nprice=mean,user=value:nobody",
  },
  indicator: { value: "COLUMNS", help: "columns beside which a field says where the value is missing" },
  "lower-case": { help: "make all letters of values small ones" },
  unicode: { value: "FORM", help: "normal form of the values' texts: NFC, NFKC or none (default)" },
} as const satisfies OptionGroups[string];

type FeatureOption = keyof typeof FEATURE_OPTIONS;

/** How features are prepared, by name. */
export interface Preparation {
  /** Returns the buckets of a column of numbers; nothing where it has none. */
  bucketsOf(name: string): Buckets | undefined;
  /** Whether every column of numbers has buckets. */
  readonly bucketsAll: boolean;
  /** Returns what becomes of a missing number. */
  missingNumber(name: string): IfMissing<number> | undefined;
  /** Returns what becomes of a missing name. */
  missingName(name: string): IfMissing<string> | undefined;
  /** Whether a field says where a column's value is missing. */
  hasIndicator(name: string): boolean;
  /** How texts are treated. */
  readonly texts: TextRules;
}

/**
 * Reads how features are prepared.
 *
 * @param numbers columns of numbers
 * @param names columns of names
 * @throws {UsageError} when a way is unknown, or one of a column that is not there
 */
export function readPreparation(
  options: Options<FeatureOption>,
  numbers: readonly string[],
  names: readonly string[],
): Preparation {
  const buckets = readByColumn(options, "buckets", numbers, parseBuckets);
  const absence = readByColumn(options, "if-missing", [...numbers, ...names], parseAbsence);
  const indicated = options.exact("indicator");
  for (const name of indicated) requireColumn(options, "indicator", name, [...numbers, ...names]);
  const wayOf = (name: string, ways: readonly string[], received: "number" | "name") => {
    const way = absence.get(name) ?? absence.get(ALL);
    if (way === undefined || typeof way === "object" || ways.includes(way)) return way;
    if (!absence.has(name)) return undefined;
    return options.refuse(`option "--if-missing" of a column of ${received}s must be ${ways.join(", ")} or value:X`);
  };
  return {
    bucketsOf: (name) => buckets.get(name) ?? buckets.get(ALL),
    bucketsAll: buckets.has(ALL) || numbers.every((name) => buckets.has(name)),
    missingNumber: (name) => {
      const way = wayOf(name, ["own", "mean", "median", "mode", "nearest"], "number");
      if (typeof way !== "object") return way as IfMissing<number> | undefined;
      const value = parseNumber(way.value);
      if (!Number.isNaN(value)) return { value };
      return options.refuse(`option "--if-missing" of "${name}" must have a number, received "${way.value}"`);
    },
    missingName: (name) => wayOf(name, ["own", "mode"], "name") as IfMissing<string> | undefined,
    hasIndicator: (name) => indicated.includes(name),
    texts: {
      ...(options.has("lower-case") && { lowerCase: true }),
      ...(options.has("unicode") && { unicode: options.choice("unicode", ["none", "NFC", "NFKC"]) }),
    },
  };
}

/** Stands for all columns that are not named. */
const ALL = "";

/** Reads a comma list of ways, each of all columns or behind the name of one and an equals sign. */
function readByColumn<W>(
  options: Options<FeatureOption>,
  option: FeatureOption,
  columns: readonly string[],
  parse: (text: string) => W | undefined,
): Map<string, W> {
  const ways = new Map<string, W>();
  for (const text of options.exact(option)) {
    const name = columns.find((column) => text.startsWith(`${column}=`)) ?? ALL;
    const way = parse(name === ALL ? text : text.slice(name.length + 1));
    if (way === undefined) {
      const [column, ...rest] = text.split("=");
      if (rest.length > 0 && parse(rest.join("=")) !== undefined) requireColumn(options, option, column, columns);
      return options.refuse(`option "--${option}" must be a way that the help names, received "${text}"`);
    }
    if (ways.has(name)) {
      return options.refuse(`option "--${option}" must have one way for ${name === ALL ? "all columns" : `"${name}"`}`);
    }
    ways.set(name, way);
  }
  return ways;
}

function requireColumn(options: Options<FeatureOption>, option: string, name: string, columns: readonly string[]) {
  if (columns.includes(name)) return;
  options.refuse(`option "--${option}" must name a column of the schema that it is for, received "${name}"`);
}

function parseBuckets(text: string): Buckets | undefined {
  if (text === "log") return "log";
  if (!text.includes(":")) return /^\d+$/.test(text) && Number(text) >= 2 ? Number(text) : undefined;
  const edges = text.replace(/:$/, "").split(":").map((edge) => edge.trim() === "" ? NaN : Number(edge));
  return isAscending(edges) ? edges : undefined;
}

type Way = "own" | "mode" | "mean" | "median" | "nearest" | { readonly value: string };

function parseAbsence(text: string): Way | undefined {
  if (["own", "mode", "mean", "median", "nearest"].includes(text)) return text as Way;
  return text.startsWith(VALUE) ? { value: text.slice(VALUE.length) } : undefined;
}

const VALUE = "value:";
