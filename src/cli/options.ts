/**
 * Options of a subcommand: declared as data, parsed strictly, printed as help.
 *
 * @module
 */
import { parseArgs } from "../std.ts";
import { nearest } from "./nearest.ts";

/** A mistake in the arguments; ends with exit code 2. */
export class UsageError extends Error {}

/** A declared option. */
export interface Option {
  /** What the value is called in the help; an option without it is a switch. */
  readonly value?: string;
  /** What it does, in one line or more. */
  readonly help: string;
}

/** Options by name, in groups by title. */
export type OptionGroups = Readonly<Record<string, Readonly<Record<string, Option>>>>;

/** A subcommand as its help shows it. */
export interface CommandInfo<G extends OptionGroups = OptionGroups> {
  /** Name on the command line. */
  readonly name: string;
  /** What it does, in one line. */
  readonly summary: string;
  /** What the arguments are that belong to no option, as in `FOLDER...`; there may be none when absent. */
  readonly operands?: string;
  /** Options, grouped for the help. */
  readonly options: G;
  /** Paragraphs below the options. */
  readonly notes?: readonly string[];
  /** Arguments of examples, as they follow the program's name. */
  readonly examples: readonly string[];
}

/** Names of all options of a command. */
export type NameOf<G extends OptionGroups> = { [T in keyof G]: keyof G[T] & string }[keyof G];

const EVERYWHERE: Readonly<Record<string, Option>> = {
  help: { help: "print this text" },
  debug: { help: "print the stack of an error" },
};

/**
 * Parses the arguments of a subcommand.
 *
 * @throws {UsageError} when an option is unknown, given twice without need or lacks its value; the message names it
 */
export function parseOptions<G extends OptionGroups>(
  command: CommandInfo<G>,
  args: readonly string[],
): Options<NameOf<G>> {
  const declared: Record<string, Option> = Object.assign({}, ...Object.values(command.options), EVERYWHERE);
  const names = Object.keys(declared);
  const texts = names.filter((name) => declared[name].value !== undefined);
  const refuse = (what: string): never => {
    throw new UsageError(`Cannot run ${command.name}: ${what}`);
  };
  const parsed = parseArgs(joinValues(args, new Set(texts), refuse), {
    string: texts,
    boolean: names.filter((name) => declared[name].value === undefined),
    collect: texts,
    alias: { help: "h" },
    unknown: (argument, key) =>
      (key === undefined && command.operands !== undefined) || refuse(describeUnknown(argument, key, names)),
  });
  const operands = parsed._.map(String);
  if (command.operands === undefined) { for (const operand of operands) refuse(`unexpected argument "${operand}"`); }
  const given = names.filter((name) => Array.isArray(parsed[name]) ? parsed[name].length > 0 : parsed[name] === true);
  return new Options(command.name, new Map(given.map((name) => [name, parsed[name]])), operands);
}

/** Ties values to their options, because the parser takes `-` and negative numbers for options. */
function joinValues(
  args: readonly string[],
  texts: ReadonlySet<string>,
  refuse: (what: string) => never,
): readonly string[] {
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const name = args[i].startsWith("--") ? args[i].slice(2) : "";
    if (!texts.has(name)) {
      joined.push(args[i]);
      continue;
    }
    const value = args[++i];
    if (value === undefined || value.startsWith("--")) refuse(`option "--${name}" needs a value`);
    joined.push(`--${name}=${value}`);
  }
  return joined;
}

function describeUnknown(argument: string, key: string | undefined, names: readonly string[]): string {
  if (key === undefined) return `unexpected argument "${argument}"; values belong to options, as in --data FILE`;
  const option = argument.startsWith("--") ? `--${key}` : argument;
  const close = nearest(key, names);
  return `no option "${option}"${close ? `, did you mean "--${close}"` : "; see --help"}`;
}

/** The options that were given, read by name with the type wanted. */
export class Options<Name extends string = string> {
  readonly #command: string;
  readonly #given: ReadonlyMap<string, boolean | readonly string[]>;
  /** The arguments that belong to no option. */
  readonly operands: readonly string[];

  constructor(
    command: string,
    given: ReadonlyMap<string, boolean | readonly string[]>,
    operands: readonly string[] = [],
  ) {
    this.#command = command;
    this.#given = given;
    this.operands = operands;
  }

  /** Tells whether an option was given. */
  has(name: Name | keyof typeof EVERYWHERE): boolean {
    return this.#given.has(name);
  }

  /** Returns an option's text. */
  text(name: Name): string | undefined {
    const texts = this.texts(name);
    if (texts.length > 1) this.refuse(`option "--${name}" must be given once, received ${texts.length} times`);
    return texts[0];
  }

  /** Returns the text of an option that must be there. */
  required(name: Name): string {
    return this.text(name) ?? this.refuse(`option "--${name}" is missing`);
  }

  /** Returns all texts of an option that may be repeated. */
  texts(name: Name): readonly string[] {
    return (this.#given.get(name) ?? []) as readonly string[];
  }

  /**
   * Returns the texts between commas of an option that may be repeated, exactly as they are given. Quotes around a text
   * let it hold commas, and a doubled quote stands for one.
   */
  exact(name: Name): string[] {
    return this.texts(name).flatMap((text) =>
      splitQuoted(text) ??
        this.refuse(`option "--${name}" must close each quote in front of a comma or its end, received '${text}'`)
    );
  }

  /** Returns the words between commas of an option that may be repeated, without blanks around them. */
  list(name: Name): string[] {
    return this.texts(name).flatMap((text) => text.split(",")).map((part) => part.trim()).filter((part) => part !== "");
  }

  /** Returns one of several texts. */
  choice<T extends string>(name: Name, choices: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined || choices.includes(text as T)) return text as T | undefined;
    const close = nearest(text, choices);
    const hint = close ? `, did you mean "${close}"` : "";
    return this.refuse(`option "--${name}" must be one of ${choices.join(", ")}, received "${text}"${hint}`);
  }

  /** Returns a number within [least, most]. */
  number(name: Name, least = -Infinity, most = Infinity): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : this.#parse(name, text, least, most);
  }

  /** Returns an integer within [least, most]. */
  integer(name: Name, least: number, most = 2 ** 32 - 1): number | undefined {
    const value = this.number(name, least, most);
    if (value === undefined || Number.isInteger(value)) return value;
    return this.refuse(`option "--${name}" must be an integer, received "${this.text(name)}"`);
  }

  /** Returns numbers given with commas between them. */
  numbers(name: Name, least = -Infinity, most = Infinity): number[] | undefined {
    if (!this.has(name)) return undefined;
    const numbers = this.list(name).map((text) => this.#parse(name, text, least, most));
    return numbers.length > 0 ? numbers : this.refuse(`option "--${name}" needs a value`);
  }

  /** Refuses options that make no sense beside another one. */
  exclude(name: Name, others: readonly Name[]): void {
    const other = this.has(name) ? others.find((candidate) => this.has(candidate)) : undefined;
    if (other) this.refuse(`option "--${other}" cannot be used with "--${name}"`);
  }

  /** Refuses options that make no sense without another one. */
  require(name: Name, others: readonly Name[]): void {
    const other = this.has(name) ? undefined : others.find((candidate) => this.has(candidate));
    if (other) this.refuse(`option "--${other}" needs "--${name}"`);
  }

  /** Ends with a usage error. */
  refuse(what: string): never {
    throw new UsageError(`Cannot run ${this.#command}: ${what}`);
  }

  #parse(name: Name, text: string, least: number, most: number): number {
    const value = text.trim() === "" ? NaN : Number(text);
    if (value >= least && value <= most && Number.isFinite(value)) return value;
    const bounds = most < Infinity ? ` from ${least} to ${most}` : least > -Infinity ? ` of at least ${least}` : "";
    return this.refuse(`option "--${name}" must be a number${bounds}, received "${text}"`);
  }
}

/** Cuts a text at the commas outside quotes; nothing when a quote is not closed, or ends in front of anything else. */
function splitQuoted(text: string): string[] | undefined {
  const parts: string[] = [];
  const part = /(?:"((?:[^"]|"")*)"|([^",][^,]*|))(,|$)/y;
  for (let comma = true; comma;) {
    const match = part.exec(text);
    if (match === null) return undefined;
    parts.push(match[1] === undefined ? match[2] : match[1].replaceAll('""', '"'));
    comma = match[3] === ",";
  }
  return parts;
}

/** Writes the help of a subcommand. */
export function formatHelp(command: CommandInfo): string {
  const groups = { ...command.options, Always: EVERYWHERE };
  const label = (name: string, { value }: Option): string => `--${name}${value === undefined ? "" : ` ${value}`}`;
  const labels = Object.values(groups).flatMap((group) => Object.entries(group).map((entry) => label(...entry)));
  const width = Math.max(...labels.map((text) => text.length));
  const operands = command.operands === undefined ? "" : ` ${command.operands}`;
  const lines = [`weft ${command.name}${operands}: ${command.summary}`];
  for (const [title, group] of Object.entries(groups)) {
    lines.push("", `${title}:`);
    for (const [name, option] of Object.entries(group)) {
      const [first, ...rest] = option.help.split("\n");
      lines.push(`  ${label(name, option).padEnd(width)}  ${first}`);
      for (const more of rest) lines.push(`  ${" ".repeat(width)}  ${more}`);
    }
  }
  if (command.notes) lines.push("", ...command.notes);
  lines.push("", "Examples:", ...command.examples.map((example) => `  weft ${example}`));
  return lines.join("\n");
}
