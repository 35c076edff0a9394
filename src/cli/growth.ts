/**
 * Going on from yesterday's model on today's rows: growth of vocabularies, and evaluation before training.
 *
 * @module
 */
import type { FittedSchema } from "../data/fitted_schema.ts";
import { type GrowOptions, originsOf } from "../data/grow.ts";
import type { ExtendOptions } from "../model.ts";
import type { OptionGroups, Options } from "./options.ts";
import { formatCount } from "./table.ts";

/** Options of a training that goes on from a model. */
export const GROWTH_OPTIONS = {
  grow: {
    help: "with --from, give values of --data that the model does not know rows of their own, those\n" +
      "that occur --min-count times at least (default: as often as in its first training)",
  },
  "drop-unseen-for": {
    value: "N",
    help: "with --grow, drop values that N trainings in a row did not have, this one included",
  },
  "new-rows": {
    value: "HOW",
    help: "with --grow, initializer (default), or unseen: they begin as the row of unseen values",
  },
  content: {
    value: "LIST",
    help:
      "with --grow, new values begin as the mean of known ones that are like them, such as\nitem=category: items of their category",
  },
  "evaluate-first": { help: "with --from, report the metrics on --data before training on it, and again after" },
  "optimizer-state": {
    value: "HOW",
    help: "fresh (default), or keep: with --from, go on with the state that a checkpoint holds",
  },
} as const satisfies OptionGroups[string];

/** Options that `--from` settles unless the model grows. */
type Freed = "min-count" | "embedding-std";

/** Refuses options of growth that do not go together, before any data is read. */
export function requireGrowthOptions(options: Options<keyof typeof GROWTH_OPTIONS | Freed | "from" | "folds">): void {
  options.require("from", ["grow", "evaluate-first", "optimizer-state"]);
  options.require("grow", ["drop-unseen-for", "new-rows", "content"]);
  options.exclude("folds", ["grow", "evaluate-first", "optimizer-state"]);
}

/** Reads how a schema grows; undefined where it stays as it is. */
export function readGrowth(options: Options<keyof typeof GROWTH_OPTIONS | Freed>): GrowOptions | undefined {
  if (!options.has("grow")) return undefined;
  return { minCount: options.integer("min-count", 1), dropUnseenFor: options.integer("drop-unseen-for", 1) };
}

/** What new rows begin with. */
export interface Growth extends Pick<ExtendOptions, "newRows"> {
  /** Fields that say what new values of others are like. */
  readonly content?: Readonly<Record<string, string>>;
}

/** Reads what new rows begin with. */
export function readNewRows(options: Options<keyof typeof GROWTH_OPTIONS>): Growth {
  const newRows = options.choice("new-rows", ["initializer", "unseen"]);
  const pairs = options.list("content").map((pair) => {
    const equals = pair.indexOf("=");
    if (equals < 1) options.refuse(`option "--content" must be like item=category, received "${pair}"`);
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  return { ...(newRows && { newRows }), ...(pairs.length > 0 && { content: Object.fromEntries(pairs) }) };
}

/** Says how many values a schema gained and lost, by field. */
export function describeGrowth(old: FittedSchema, grown: FittedSchema): string {
  const { from } = originsOf(old, grown);
  const parts = [...grown.fields, ...grown.sequences.filter(({ own }) => own)].flatMap(({ name, offset, rows }) => {
    const before = [...old.fields, ...old.sequences].find((field) => field.name === name)!;
    const added = from.subarray(offset, offset + rows).filter((row) => row < 0).length;
    const dropped = before.rows + added - rows;
    const said = [...(added > 0 ? [`${formatCount(added)} new`] : []), ...(dropped > 0 ? [`${dropped} dropped`] : [])];
    return said.length > 0 ? [`${name} ${said.join(" and ")}`] : [];
  });
  return `vocabularies: generation ${grown.generation}, ${parts.join(", ") || "nothing new"}`;
}
