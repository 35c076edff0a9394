/**
 * The only import of the standard library outside the tests: the package that carries it ships no types, so the
 * signatures that Weft relies on are stated here.
 *
 * @module
 */
// deno-lint-ignore-file no-explicit-any -- the package is untyped; this file is where types are put on it
import * as cli from "npm:deno-std@1.4.0/cli/parse_args.js";
import * as csv from "npm:deno-std@1.4.0/csv/mod.js";
import * as path from "npm:deno-std@1.4.0/path/posix/glob_to_regexp.js";

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

/** Turns a pattern of names, with `*`, `?`, `[a-z]` and `{a,b}`, into an expression for whole names. */
export const globToRegExp: (pattern: string) => RegExp = (path as any).globToRegExp;
