/**
 * `weft describe`.
 *
 * @module
 */
import {
  describe as describeRows,
  type Description,
  type FieldDescription,
  type RankedFields,
  type Ranking,
} from "../data/describe.ts";
import { warningsOf, worstDrift } from "../data/describe/told.ts";
import { BAD_ROW_OPTION, DATA_OPTIONS, MISSING_OPTION, readDataFormat, readRejections, requireFiles } from "./data.ts";
import { areLibsvm } from "./data_files.ts";
import { type CommandInfo, type Options, parseOptions } from "./options.ts";
import { readSchema, SCHEMA_OPTIONS } from "./schema.ts";
import type { Streams } from "./streams.ts";
import { formatCount, formatShare, formatTable } from "./table.ts";

/** Ranking of fields in a description. */
export const RANK_OPTION = {
  rank: {
    value: "1|2|3",
    help: "rank fields by what they say of the label; with 2 pairs too, which tells what crosses\n" +
      "are worth declaring, with 3 triples too",
  },
} as const;

/** Reads how many fields are ranked together at most, 0 for no ranking. */
export function readRank(options: Options<keyof typeof RANK_OPTION>): number {
  return options.has("rank") ? Number(options.choice("rank", ["1", "2", "3"])) : 0;
}

/** Refuses data that cannot be described: what can be read once only, and files without columns. */
export async function requireDescribable(
  options: Pick<Options<never>, "refuse">,
  files: readonly string[],
  format: Parameters<typeof areLibsvm>[1],
  isQuery: boolean,
): Promise<void> {
  if (isQuery || files.includes("-")) {
    options.refuse("a description reads its data twice, so they must be files, received a query or stdin");
  }
  if (await areLibsvm(files, format)) options.refuse("libsvm files have no columns to describe");
}

const GROUPS = {
  "Data": { ...DATA_OPTIONS, ...BAD_ROW_OPTION, ...MISSING_OPTION },
  "Schema": SCHEMA_OPTIONS,
  "Description": {
    top: { value: "N", help: "most frequent values of each field with their label rates (default 10)" },
    parts: {
      value: "N",
      help: "parts of equally many rows, by --time or else by position, whose values are compared\n" +
        "(default 4; 1 for none, which reads the files once and not twice)",
    },
    "max-values": {
      value: "N",
      help: "values of a field that are counted exactly (default 65536); of more, ~ marks estimates",
    },
    "leak-auc": { value: "AUC", help: "AUC of a field alone from which on it is called a leak (default 0.9)" },
    "drift-index": {
      value: "PSI",
      help: "population stability index from which on a field is said to drift (default 0.2)",
    },
    ...RANK_OPTION,
    json: { help: "print JSON instead of tables" },
  },
} as const;

/** Describes `weft describe`. */
export const DESCRIBE: CommandInfo<typeof GROUPS> = {
  name: "describe",
  summary: "tell by field what data holds: values, label rates, drift and leaks",
  options: GROUPS,
  notes: [
    "A leak is a field that alone predicts the label too well to be known beforehand. The label rates of its values are",
    "taken from other rows than those that they are tested on, so that fields of many rare values are not accused.",
  ],
  examples: [
    "describe clicks.csv --label click --categorical user,item,site --numeric price",
    "describe log.csv --schema schema.json --json",
  ],
};

/** Runs `weft describe`. */
export async function describe(args: readonly string[], streams: Streams): Promise<number> {
  // A file in front needs no option, as it is what the command is about.
  const named = args.length > 0 && !args[0].startsWith("-") ? ["--data", ...args] : args;
  const options = parseOptions(DESCRIBE, named);
  const files = requireFiles(options);
  const { format, threshold: _, database: __, ...reading } = await readDataFormat(options);
  await requireDescribable(options, files, { format }, options.has("sql"));
  const description = await describeRows(files, await readSchema(options), {
    ...{ ...reading, ...readRejections(options), format },
    missing: ["", ...options.exact("missing")],
    top: options.integer("top", 1),
    parts: options.integer("parts", 1),
    maxValues: options.integer("max-values", 1),
    leakAuc: options.number("leak-auc", 0.5, 1),
    driftIndex: options.number("drift-index", 0),
    rank: readRank(options),
  });
  streams.out(options.has("json") ? JSON.stringify(description, null, 2) : formatDescription(description));
  return 0;
}

/** Writes a description as tables: all fields, numbers, and the frequent values of each field. */
export function formatDescription(description: Description): string {
  const { label, rows, positives, skipped, missingLabels, duplicates, parts, fields } = description;
  const lines = [
    `${formatCount(rows, "row")}, ${formatShare(positives / rows)} of them with label "${label}"`,
    ...(skipped > 0 ? [`${formatCount(skipped, "malformed row")} left out`] : []),
    ...(missingLabels > 0 ? [`${formatCount(missingLabels, "row")} without a label left out`] : []),
    `${duplicates.approximate ? "about " : ""}${formatCount(duplicates.rows, "row")} equal to an earlier one`,
    ...(parts.count > 1 ? [`drift: the first of ${parts.count} parts by ${parts.by} against the worst later one`] : []),
  ];
  const numeric = fields.filter(({ numbers }) => numbers);
  const named = fields.filter(({ kind, top }) => kind === "categorical" && top.length > 0);
  return [
    lines.join("\n"),
    formatFields(fields),
    ...(numeric.length > 0 ? [formatNumbers(numeric)] : []),
    ...named.map((field) => formatValues(field, rows)),
    ...(description.ranking ? formatRanking(description.ranking) : []),
  ].join("\n\n");
}

/** Writes rankings in thousandths of a nat. */
function formatRanking({ single, pairs, triples, rows }: Ranking): string[] {
  const cells = ({ fields, score, gain }: RankedFields): string[] => [
    fields.join(" x "),
    (1000 * score).toFixed(2),
    ...(gain === undefined ? [] : [(1000 * gain).toFixed(2)]),
  ];
  const title = `says of the label (${formatCount(rows, "row")}), 0.001 nats`;
  return [
    formatTable(["field", title], single.map(cells)),
    ...(pairs ? [formatTable(["pair", title, "above its parts"], pairs.map(cells))] : []),
    ...(triples ? [formatTable(["triple", title, "above its parts"], triples.map(cells))] : []),
  ];
}

function formatFields(fields: readonly FieldDescription[]): string {
  const header = ["field", "kind", "values", "missing", "AUC alone", "drift", "warnings"];
  return formatTable(
    header,
    fields.map((field) => [
      field.name,
      field.kind,
      `${field.approximate ? "~" : ""}${formatCount(field.cardinality)}`,
      formatShare(field.missing),
      formatNumber(field.auc),
      formatNumber(worstDrift(field)),
      warningsOf(field),
    ]),
  );
}

function formatNumbers(fields: readonly FieldDescription[]): string {
  const shares = Object.keys(fields[0].numbers!.quantiles);
  const header = ["numbers", "mean", "std. dev.", "least", ...shares.map((share) => `${share} %`), "most"];
  return formatTable(
    header,
    fields.map(({ name, numbers }) => {
      const { mean, deviation, least, quantiles, most } = numbers!;
      return [
        name,
        ...[mean, deviation, least, ...Object.values(quantiles), most].map((x) => String(+x.toPrecision(5))),
      ];
    }),
  );
}

function formatValues({ name, top, approximate }: FieldDescription, all: number): string {
  return formatTable(
    [name, "rows", "share", "label rate", "95 % interval"],
    top.map(({ value, rows, rate, interval: [low, high] }) => [
      JSON.stringify(value.length > LONGEST ? `${value.slice(0, LONGEST)}...` : value),
      `${approximate ? "~" : ""}${formatCount(rows)}`,
      formatShare(rows / all),
      formatShare(rate),
      `${formatShare(low)} .. ${formatShare(high)}`,
    ]),
  );
}

/** Characters of a value that a table shows. */
const LONGEST = 40;

function formatNumber(value: number): string {
  return Number.isFinite(value) ? value.toFixed(4) : "-";
}
