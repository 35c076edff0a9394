/**
 * The file of a search: what is trained on, which options are fixed, and which are searched.
 *
 * @module
 */
import { directionOf } from "../metrics/names.ts";
import { isActive, type Params, type SearchSpace, type Space } from "../search/space.ts";
import type { Direction } from "../search/records.ts";
import type { Declaration } from "../search/space.ts";
import type { Value } from "../search/distribution.ts";
import { nearest } from "./nearest.ts";
import { formatHeld, quoteInList } from "./option_texts.ts";
import { UsageError } from "./options.ts";
import { TRAIN } from "./train_options.ts";

/** A value of an option in the file: lists stand for commas, or for `--data` given several times. */
export type OptionValue = Value | readonly (string | number)[] | { readonly [key: string]: unknown };

/** What a search is about. */
export interface SearchFile {
  /** Options of all trials. */
  readonly fixed: Readonly<Record<string, OptionValue>>;
  /** Options that are searched. */
  readonly space: SearchSpace;
  /** The metric on the validation rows that trials are compared by. */
  readonly objective: string;
  /** Whether the least or the largest value of it is best. */
  readonly direction: Direction;
}

/** Metrics that can be named without a direction; early stopping can watch them all. */
const METRICS = ["auc", "concordance", "logloss", "brier", "normalizedEntropy"];

/** Groups of options that may stand at the top of the file, beside its own keys. */
const TOP_GROUPS = ["Data", "Schema", "Evaluation"] as const;

const OWN_KEYS = ["objective", "fixed", "space"];

/** Options that `tune` sets itself, or that make no single model. */
const RESERVED = ["run", "continue", "out", "checkpoint", "resume", "profile", "folds", "help", "debug"];

/** Options that decide on which rows trials are compared, and what their labels are. */
const SAME_FOR_ALL = [
  ...[
    "data",
    "format",
    "sql",
    "database",
    "limit",
    "validation",
    "test",
    "split",
    "split-by",
    "split-seed",
    "time",
    "weight",
  ],
  ...["label", "labels", "positive", "negative", "threshold", "on-bad-row", "on-missing-label", "monitor"],
];

/** Options that hold others by name, which a space can search one by one, as in `model-options.layers`. */
const HOLDERS = ["model-options", "dims", "optimizer-options", "loss-options"] as const;

const OPTIONS: Readonly<Record<string, { readonly value?: string }>> = Object.assign(
  {},
  ...Object.values(TRAIN.options),
);

/**
 * Reads the text of a file.
 *
 * @throws {SyntaxError} when it is no JSON
 * @throws {UsageError} when a key or a name is no option of `train`, stands twice, or is one that a search cannot have
 */
export function parseSearchFile(path: string, text: string): SearchFile {
  const refuse = (what: string): never => {
    throw new UsageError(`Cannot use "${path}": ${what}`);
  };
  const { objective = "auc", fixed = {}, space, ...top } = parseObject(path, text, refuse);
  const allowed = TOP_GROUPS.flatMap((group) => Object.keys(TRAIN.options[group]));
  for (const name of Object.keys(top)) {
    if (!allowed.includes(name)) {
      refuse(describeUnknown(name, [...OWN_KEYS, ...allowed], `options of other kinds are in "fixed"`));
    }
  }
  if (!isRecord(fixed)) refuse(`"fixed" must be an object, received ${JSON.stringify(fixed)}`);
  if (!isRecord(space)) refuse(`"space" must be an object, received ${JSON.stringify(space) ?? "none"}`);
  const groups = [top, fixed, space] as Record<string, unknown>[];
  const names = groups.flatMap((group) => Object.keys(group));
  for (const name of names) requireOption(name, refuse);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) refuse(`option "${twice}" must stand once, received it twice`);
  for (const [name, value] of Object.entries({ ...top, ...fixed as object })) requireValue(name, value, refuse);
  requireSameRows(names, Object.keys(space as object), refuse);
  const { data, ...known } = { ...top, ...fixed as object } as Record<string, unknown>;
  if (!known.validation && !known.split) refuse('"validation" or "split" must be there, to compare trials by');
  if ([data].flat().includes("-")) refuse("each trial reads the data, the standard input can be read once");
  return {
    fixed: { ...top, ...fixed as Record<string, OptionValue> } as Record<string, OptionValue>,
    space: Object.fromEntries(
      Object.entries(space as SearchSpace).map(([name, declared]) => [name, asTexts(declared)]),
    ),
    ...readObjective(objective, refuse),
  };
}

type Refuse = (what: string) => never;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parseObject(path: string, text: string, refuse: Refuse): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`Cannot use "${path}": it must be JSON, received ${(error as Error).message}`, {
      cause: error,
    });
  }
  return isRecord(parsed) ? parsed : refuse("it must be an object");
}

function describeUnknown(name: string, names: readonly string[], hint: string): string {
  const close = nearest(name, names);
  return `train has no option "${name}"${close ? `, did you mean "${close}"` : `; ${hint}`}`;
}

function requireOption(name: string, refuse: Refuse): void {
  const holder = HOLDERS.find((option) => name.startsWith(`${option}.`) && name.length > option.length + 1);
  if (holder) return;
  if (RESERVED.includes(name)) refuse(`option "${name}" must be left to tune`);
  if (!Object.hasOwn(OPTIONS, name)) refuse(describeUnknown(name, Object.keys(OPTIONS), "see weft train --help"));
}

/** Refuses to search what would compare trials on different rows; a split that has no seed of its own is drawn by that of the training. */
function requireSameRows(names: readonly string[], searched: readonly string[], refuse: Refuse): void {
  const isSplitBySeed = names.includes("split") && !names.includes("split-seed");
  const same = isSplitBySeed ? [...SAME_FOR_ALL, "seed"] : SAME_FOR_ALL;
  const other = searched.find((name) => same.includes(name));
  if (other !== undefined) refuse(`option "${other}" must be the same for all trials, received it in "space"`);
}

function requireValue(name: string, value: unknown, refuse: Refuse): void {
  const isSwitch = Object.hasOwn(OPTIONS, name) && OPTIONS[name].value === undefined;
  if (isSwitch && typeof value !== "boolean") {
    refuse(`option "${name}" must be true or false, received ${JSON.stringify(value)}`);
  }
  if (!isSwitch && typeof value === "boolean" && !name.includes(".")) {
    refuse(`option "${name}" must have a value, received ${value}`);
  }
}

/** Writes choices that are lists or objects as texts, which journals can have. */
function asTexts(declared: unknown): Declaration {
  const asText = (value: unknown): unknown =>
    Array.isArray(value) ? value.join(",") : isRecord(value) ? JSON.stringify(value) : value;
  if (Array.isArray(declared)) return declared.map(asText) as Declaration;
  if (!isRecord(declared) || !Array.isArray(declared.choice)) return declared as Declaration;
  return { ...declared, choice: declared.choice.map(asText) } as Declaration;
}

function readObjective(objective: unknown, refuse: Refuse): Pick<SearchFile, "objective" | "direction"> {
  if (isRecord(objective)) {
    const { metric, direction } = objective;
    if (typeof metric === "string" && (direction === "minimize" || direction === "maximize")) {
      return { objective: metric, direction };
    }
    return refuse(
      `"objective" must have metric and direction, minimize or maximize, received ${JSON.stringify(objective)}`,
    );
  }
  const [metric] = String(objective).split(".");
  if (!METRICS.includes(metric)) {
    return refuse(
      `"objective" must be one of ${METRICS.join(", ")}, of a task as in auc.click, ` +
        `or an object with metric and direction, received ${JSON.stringify(objective)}`,
    );
  }
  return { objective: String(objective), direction: directionOf(metric) === "min" ? "minimize" : "maximize" };
}

/** Returns the arguments of `weft train` for a trial, without those that say where the results go. */
export function trainArguments({ fixed, objective }: SearchFile, params: Params): string[] {
  const values: Record<string, OptionValue> = { ...fixed, ...params };
  // The model that is kept is then the best one by what trials are compared by.
  if (values.monitor === undefined && METRICS.includes(objective.split(".")[0])) values.monitor = objective;
  const held = new Map<string, Record<string, unknown>>();
  const args = Object.entries(values).flatMap(([name, value]) => {
    const holder = HOLDERS.find((option) => name === option || name.startsWith(`${option}.`));
    if (!holder || value === null) return formatOption(name, value);
    const others = held.get(holder) ?? {};
    held.set(holder, { ...others, ...name === holder ? parseHeld(value) : { [name.slice(holder.length + 1)]: value } });
    return [];
  });
  return [...args, ...[...held].flatMap(([holder, options]) => [`--${holder}`, formatHeld(holder, options)])];
}

function formatOption(name: string, value: OptionValue): string[] {
  if (value === null || value === false) return [];
  if (value === true) return [`--${name}`];
  if (!Array.isArray(value)) return [`--${name}`, isRecord(value) ? JSON.stringify(value) : String(value)];
  // Files may have commas in their names.
  if (name === "data") return value.flatMap((file) => [`--${name}`, String(file)]);
  return [`--${name}`, value.map((part) => quoteInList(String(part))).join(",")];
}

/** Reads options that one option holds: an object, JSON of one, or a list such as `momentum=0.9,nesterov=true`. */
function parseHeld(value: OptionValue): Record<string, unknown> {
  if (isRecord(value)) return value;
  const text = String(value);
  if (text.trimStart().startsWith("{")) return JSON.parse(text);
  return Object.fromEntries(
    text.split(",").map((pair) => {
      const [name, ...rest] = pair.split("=");
      return [name.trim(), rest.join("=")];
    }),
  );
}

/** Lists parameters that together have each value of a list, and both ends of each range, in some trial. */
export function probesOf(space: Space): Params[] {
  const byName = new Map(space.map((parameter) => [parameter.name, parameter]));
  const valuesOf = (name: string): readonly Value[] => {
    const { distribution } = byName.get(name)!;
    return distribution.kind === "choice" ? distribution.choices : [distribution.low, distribution.high];
  };
  const force = (name: string, value: Value, forced: Record<string, Value>): Record<string, Value> => {
    forced[name] = value;
    for (const { name: parent, values } of byName.get(name)!.when) {
      if (!Object.hasOwn(forced, parent)) force(parent, values[0], forced);
    }
    return forced;
  };
  const probes = space.flatMap(({ name }) =>
    valuesOf(name).map((value) => {
      const forced = force(name, value, {});
      const params: Record<string, Value> = {};
      for (const parameter of space) {
        if (!isActive(parameter, params)) continue;
        params[parameter.name] = Object.hasOwn(forced, parameter.name)
          ? forced[parameter.name]
          : valuesOf(parameter.name)[0];
      }
      return params;
    })
  );
  return [...new Map(probes.map((params) => [JSON.stringify(params), params])).values()];
}

/** Writes arguments as a shell takes them. */
export function formatCommand(args: readonly string[]): string {
  return ["weft", ...args].map((part) => /^[\w./:=,@%+-]+$/.test(part) ? part : `'${part.replaceAll("'", `'\\''`)}'`)
    .join(" ");
}
