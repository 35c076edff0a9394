/**
 * The only door to the standard library: the package that carries it ships no types, so the signatures
 * that Weft relies on are stated here and nowhere else.
 *
 * @module
 */
// deno-lint-ignore-file no-explicit-any -- the package is untyped; this file is where types are put on it
import * as assertions from "npm:deno-std@1.4.0/assert/mod.js";
import * as cli from "npm:deno-std@1.4.0/cli/parse_args.js";
import * as csv from "npm:deno-std@1.4.0/csv/mod.js";

/** Options of {@linkcode CsvParseStream}. */
export interface CsvParseOptions {
  /** Character between two fields. @default {","} */
  separator?: string;
  /** Whether a quote inside an unquoted field is accepted. @default {false} */
  lazyQuotes?: boolean;
}

/** Turns a stream of text into a stream of rows of fields. */
export const CsvParseStream: new (options?: CsvParseOptions) => TransformStream<string, string[]> =
  (csv as any).CsvParseStream;

/** Options of {@linkcode parseArgs}. */
export interface ParseArgsOptions {
  /** Names that are true or false. */
  boolean?: readonly string[];
  /** Names that take a text. */
  string?: readonly string[];
  /** Names that may be given several times. */
  collect?: readonly string[];
  /** Short names by long name. */
  alias?: Readonly<Record<string, string>>;
  /** Values taken when an option is absent. */
  default?: Readonly<Record<string, unknown>>;
  /** Called for each option that is not declared; returning false drops it. */
  unknown?: (argument: string, key?: string, value?: unknown) => unknown;
}

/** Parses command-line arguments into a record; positional ones are under `_`. */
export const parseArgs: (args: readonly string[], options?: ParseArgsOptions) => Record<string, any> & { _: string[] } =
  (cli as any).parseArgs;

/** Throws unless `condition` holds. */
export const assert: (condition: unknown, message?: string) => asserts condition = (assertions as any).assert;

/** Throws unless the two values are deeply equal. */
export const assertEquals: <T>(actual: T, expected: T, message?: string) => void = (assertions as any).assertEquals;

/** Throws if the two values are deeply equal. */
export const assertNotEquals: <T>(actual: T, expected: T, message?: string) => void =
  (assertions as any).assertNotEquals;

/** Throws unless the two numbers differ by at most `tolerance`. */
export const assertAlmostEquals: (actual: number, expected: number, tolerance?: number, message?: string) => void =
  (assertions as any).assertAlmostEquals;

/** Throws unless `text` contains `part`. */
export const assertStringIncludes: (text: string, part: string, message?: string) => void =
  (assertions as any).assertStringIncludes;

/** Throws unless `text` matches `pattern`. */
export const assertMatch: (text: string, pattern: RegExp, message?: string) => void = (assertions as any).assertMatch;

/** Throws unless `body` throws an error of that class whose message contains `part`; returns the error. */
export const assertThrows: <E extends Error>(
  body: () => unknown,
  errorClass: new (...args: any[]) => E,
  part?: string,
) => E = (assertions as any).assertThrows;

/** Rejects unless `body` rejects with an error of that class whose message contains `part`; resolves to the error. */
export const assertRejects: <E extends Error>(
  body: () => Promise<unknown>,
  errorClass: new (...args: any[]) => E,
  part?: string,
) => Promise<E> = (assertions as any).assertRejects;
