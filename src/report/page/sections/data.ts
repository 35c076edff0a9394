/**
 * Section of what data holds by field.
 *
 * @module
 */
import type { Description, FieldDescription, RankedFields, Ranking } from "../../../data/describe.ts";
import { warningsOf, worstDrift } from "../../../data/describe/told.ts";
import type { Report } from "../../parts.ts";
import { formatCount, formatNumber, formatShare, formatShort, NONE } from "../format.ts";
import { type Markup, markup, type Part } from "../markup.ts";
import { absent, cards, type Section, tableCard } from "../section.ts";

/** Characters of a value that are shown. */
const LONGEST = 40;

/** Writes the section of what `describe` tells. */
export function dataSection({ description }: Report): Section {
  const base = { id: "data", title: "Data" };
  if (!description) {
    return {
      ...base,
      body: absent("What data holds by field needs rows: --describe, with --training-data or --data."),
    };
  }
  return { ...base, body: [introduction(description), describedCards(description)] };
}

function introduction({ rows, positives, label, skipped, missingLabels, duplicates, parts }: Description): Markup {
  const lines = [
    `${formatCount(rows)} rows, ${formatShare(positives / rows)} of them with label ${label}`,
    skipped > 0 && `${formatCount(skipped)} malformed rows left out`,
    missingLabels > 0 && `${formatCount(missingLabels)} rows without a label left out`,
    `${duplicates.approximate ? "about " : ""}${formatCount(duplicates.rows)} rows equal to an earlier one`,
    parts.count > 1 && `drift: the first of ${parts.count} parts by ${parts.by} against the worst later one`,
  ];
  return markup`<p class="muted">${lines.filter((line) => line !== false).join("; ")}.</p>`;
}

function describedCards({ fields, rows, ranking }: Description): Markup {
  const numeric = fields.filter(({ numbers }) => numbers);
  const named = fields.filter(({ kind, top }) => kind === "categorical" && top.length > 0);
  return cards(
    fieldTable(fields),
    ...(numeric.length > 0 ? [numberTable(numeric)] : []),
    ...(named.length > 0 ? [valueTable(named, rows)] : []),
    ...(ranking ? rankingTables(ranking) : []),
  );
}

function fieldTable(fields: readonly FieldDescription[]): Markup {
  return tableCard(
    "Fields",
    "A field that alone predicts the label too well may not be known beforehand; one that drifts is another one tomorrow.",
    [
      ...[{ title: "Field" }, { title: "Kind" }],
      ...["Values", "Missing", "AUC alone", "Drift"].map((title) => ({ title, isNumber: true })),
      { title: "Warnings" },
    ],
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

function numberTable(fields: readonly FieldDescription[]): Markup {
  const shares = Object.keys(fields[0].numbers!.quantiles);
  const titles = ["Mean", "Std. dev.", "Least", ...shares.map((share) => `${share} %`), "Most"];
  return tableCard(
    "Numbers",
    "A most that is far beyond the last quantile is worth a look, as a number that stands for a missing one.",
    [{ title: "Field" }, ...titles.map((title) => ({ title, isNumber: true }))],
    fields.map(({ name, numbers }) => {
      const { mean, deviation, least, quantiles, most } = numbers!;
      return [name, ...[mean, deviation, least, ...Object.values(quantiles), most].map(formatShort)];
    }),
  );
}

function valueTable(fields: readonly FieldDescription[], all: number): Markup {
  const rows = fields.flatMap(({ name, top, approximate }) =>
    top.map(({ value, rows, rate, interval: [low, high] }): Part[] => [
      name,
      value.length > LONGEST ? `${value.slice(0, LONGEST)}...` : value,
      `${approximate ? "~" : ""}${formatCount(rows)}`,
      formatShare(rows / all),
      formatShare(rate),
      `${formatShare(low)} to ${formatShare(high)}`,
    ])
  );
  const titles = ["Rows", "Share", "Label rate", "95 % interval"];
  return tableCard(
    "Frequent values",
    "Values whose intervals lie apart tell the model something.",
    [{ title: "Field" }, { title: "Value" }, ...titles.map((title) => ({ title, isNumber: true }))],
    rows,
  );
}

function rankingTables({ single, pairs, triples, rows }: Ranking): Markup[] {
  const told =
    `What the label loses in uncertainty, corrected for the number of values, in thousandths of a nat, from ${
      formatCount(rows)
    } rows.`;
  const table = (title: string, ranked: readonly RankedFields[]): Markup => {
    const hasGain = ranked.some(({ gain }) => gain !== undefined);
    const columns = [{ title }, { title: "Score", isNumber: true }];
    if (hasGain) columns.push({ title: "Above its parts", isNumber: true });
    return tableCard(
      `Ranking: ${title.toLowerCase()}`,
      told,
      columns,
      ranked.map(({ fields, score, gain }) => [
        fields.join(" x "),
        formatNumber(1000 * score, 2),
        ...(hasGain ? [gain === undefined ? NONE : formatNumber(1000 * gain, 2)] : []),
      ]),
    );
  };
  return [
    table("Field", single),
    ...(pairs ? [table("Pair", pairs)] : []),
    ...(triples ? [table("Triple", triples)] : []),
  ];
}
