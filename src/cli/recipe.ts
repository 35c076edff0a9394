/**
 * Recipes of `weft benchmark`: which models are trained on which data, with which options and seeds.
 *
 * @module
 */
import { formatNames, formatValue } from "../data/format.ts";
import { nearest } from "./nearest.ts";
import { formatHeld, quoteInList } from "./option_texts.ts";
import { type Option, UsageError } from "./options.ts";
import { SCHEMA_OPTIONS } from "./schema.ts";
import { TRAIN } from "./train_options.ts";

/** A training of a recipe. */
export interface PlannedRun {
  /** Name of its folder: data, model and seed. */
  readonly name: string;
  /** Name of the data, where the recipe has several. */
  readonly data: string | undefined;
  /** Name of the model in the recipe. */
  readonly model: string;
  readonly seed: number;
  /** Arguments of `train`, without the folder. */
  readonly args: readonly string[];
}

/** Options by their names on the command line; null takes back a default. */
type Values = Readonly<Record<string, unknown>>;

/** What a benchmark settles itself. */
const SETTLED = ["run", "continue", "out", "resume", "checkpoint", "profile", "folds", "seed", "data", "summary"];

const DATA_NAMES = [
  ...Object.keys(TRAIN.options.Data),
  ...["validation", "test", "split", "split-by", "split-seed"],
].filter((name) => name !== "data");
const COLUMN_NAMES = Object.keys(SCHEMA_OPTIONS).filter((name) => name !== "schema");
const DECLARED: Readonly<Record<string, Option>> = Object.assign({}, ...Object.values(TRAIN.options));
const TRAIN_NAMES = Object.keys(DECLARED).filter((name) =>
  ![...SETTLED, ...DATA_NAMES, ...COLUMN_NAMES, "schema"].includes(name)
);
/** Options whose values are files, which are given one by one. */
const REPEATED = ["data", "validation", "test"];
/** Names of models and data become names of folders. */
const NAME = /^[\w.-]+$/;

/**
 * Reads a recipe.
 *
 * @param path the file, for errors
 * @param chosenSeeds seeds in place of the recipe's
 * @param writeSchema keeps a schema that the recipe declares itself, and returns its file
 * @throws {UsageError} when the text is no JSON, or a key is unknown, absent or of the wrong type, naming it
 */
export function parseRecipe(
  path: string,
  text: string,
  chosenSeeds: readonly number[] | undefined,
  writeSchema: (name: string | undefined, schema: object) => string,
): PlannedRun[] {
  const reader = new RecipeReader(path);
  const recipe = reader.object("it", reader.json(text));
  reader.requireKeys("it", recipe, ["data", "schema", "columns", "defaults", "models", "seeds"]);
  const own = reader.list("seeds", recipe.seeds ?? [1]).map((value) => reader.seed(value));
  const seeds = chosenSeeds ?? own;
  const several = Array.isArray(recipe.data);
  const sets = (several ? recipe.data as unknown[] : [recipe.data]).map((value, i) => {
    const where = several ? `data[${i}]` : "data";
    const { name, schema, columns, ...data } = reader.object(where, value);
    const declared = schema === undefined && columns === undefined ? recipe : { schema, columns };
    if (several || name !== undefined) reader.requireName(`${where}.name`, name);
    const known = name as string | undefined;
    const columnArguments = reader.schemaArguments(where, declared, (json) => writeSchema(known, json));
    return { name: known, args: [...reader.dataArguments(where, data, own[0]), ...columnArguments] };
  });
  const defaults = reader.object("defaults", recipe.defaults ?? {});
  const models = reader.list("models", recipe.models).map((value, i) => reader.model(`models[${i}]`, value, defaults));
  reader.requireDistinct("data", sets.map(({ name }) => name ?? "data"));
  reader.requireDistinct("models", models.map(({ name }) => name));
  reader.requireDistinct("seeds", seeds.map(String));
  const runs = sets.flatMap((data) =>
    models.flatMap((model) =>
      seeds.map((seed) => ({
        name: [...(data.name === undefined ? [] : [data.name]), model.name, seed].join("-"),
        data: data.name,
        model: model.name,
        seed,
        args: [...data.args, ...model.args, "--seed", String(seed)],
      }))
    )
  );
  reader.requireDistinct("runs", runs.map(({ name }) => name));
  return runs;
}

/** Reads the parts of a recipe; what it refuses names the file and the part. */
class RecipeReader {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  refuse(what: string): never {
    throw new UsageError(`Cannot run benchmark: "${this.#path}": ${what}`);
  }

  json(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (error) {
      return this.refuse(`it must be JSON, received ${(error as Error).message}`);
    }
  }

  object(where: string, value: unknown): Values {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Values;
    return this.refuse(`${where} must be an object, received ${formatValue(value)}`);
  }

  list(where: string, value: unknown): readonly unknown[] {
    if (Array.isArray(value) && value.length > 0) return value;
    return this.refuse(`${where} must be a list of at least one, received ${formatValue(value)}`);
  }

  seed(value: unknown): number {
    if (Number.isInteger(value) && value as number >= 0) return value as number;
    return this.refuse(`seeds must be integers of at least 0, received ${formatValue(value)}`);
  }

  requireName(where: string, name: unknown): void {
    if (typeof name === "string" && NAME.test(name)) return;
    this.refuse(`${where} must be a name of letters, digits and "-", "_" or ".", received ${formatValue(name)}`);
  }

  requireDistinct(where: string, names: readonly string[]): void {
    const twice = names.find((name, i) => names.indexOf(name) < i);
    if (twice !== undefined) this.refuse(`names of ${where} must differ, received "${twice}" twice`);
  }

  requireKeys(where: string, value: Values, known: readonly string[]): void {
    const unknown = Object.keys(value).find((key) => !known.includes(key));
    if (unknown === undefined) return;
    if (SETTLED.includes(unknown)) this.refuse(`${where} cannot have "${unknown}", which the benchmark settles`);
    const close = nearest(unknown, known);
    if (close) this.refuse(`${where} has no "${unknown}", did you mean "${close}"`);
    const home = Object.entries({ columns: COLUMN_NAMES, data: DATA_NAMES, models: TRAIN_NAMES })
      .find(([, names]) => names.includes(unknown));
    if (home) this.refuse(`${where} has no "${unknown}", it belongs to ${home[0]}`);
    this.refuse(`${where} has no "${unknown}", there are ${formatNames(known)}`);
  }

  /** Reads what to train on; all runs have the same parts, whatever their seeds. */
  dataArguments(where: string, data: Values, splitSeed: number): string[] {
    const { training, ...others } = data;
    this.requireKeys(where, data, ["training", ...DATA_NAMES]);
    if (training === undefined && data.sql === undefined) this.refuse(`${where}.training is missing`);
    const seeded = data.split === undefined ? {} : { "split-seed": splitSeed };
    return this.#arguments(where, { ...(training !== undefined && { data: training }), ...seeded, ...others });
  }

  schemaArguments(where: string, { schema, columns }: Values, write: (own: object) => string): string[] {
    if (schema !== undefined && columns !== undefined) this.refuse(`${where} has a schema and columns, one is enough`);
    if (typeof schema === "string") return ["--schema", schema];
    if (schema !== undefined) return ["--schema", write(this.object("schema", schema))];
    if (columns === undefined) return [];
    const values = this.object("columns", columns);
    this.requireKeys("columns", values, COLUMN_NAMES);
    return this.#arguments("columns", values);
  }

  /** Reads a model: a model function's name, or options with a name of its own. */
  model(where: string, value: unknown, defaults: Values): { readonly name: string; readonly args: readonly string[] } {
    this.requireKeys("defaults", defaults, TRAIN_NAMES);
    if (typeof value === "string") return this.model(where, { model: value }, defaults);
    const { name, ...own } = this.object(where, value);
    this.requireKeys(where, own, TRAIN_NAMES);
    const model = own.model ?? defaults.model ?? name;
    const known = name ?? model;
    this.requireName(`${where}.name`, known);
    return { name: known as string, args: this.#arguments(where, { ...defaults, ...own, model }) };
  }

  #arguments(where: string, values: Values): string[] {
    return Object.entries(values).flatMap(([name, value]) => this.#argument(`${where}.${name}`, name, value));
  }

  #argument(where: string, name: string, value: unknown): string[] {
    if (value === null || value === undefined) return [];
    if (DECLARED[name].value === undefined) {
      if (typeof value !== "boolean") this.refuse(`${where} must be true or false, received ${formatValue(value)}`);
      return value ? [`--${name}`] : [];
    }
    const values = Array.isArray(value) ? value : [value];
    if (REPEATED.includes(name)) return values.flatMap((one) => [`--${name}`, this.#text(where, name, one)]);
    return [
      `--${name}`,
      Array.isArray(value)
        ? values.map((one) => quoteInList(this.#text(where, name, one))).join(",")
        : this.#text(where, name, value),
    ];
  }

  #text(where: string, name: string, value: unknown): string {
    if (typeof value === "string") return value;
    if (typeof value === "number") return String(value);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return formatHeld(name, value);
    return this.refuse(`${where} must be a text, a number or a list, received ${formatValue(value)}`);
  }
}
