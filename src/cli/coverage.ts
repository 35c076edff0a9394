/**
 * What a fitted schema does not know of a data set, as a person sees it.
 *
 * @module
 */
import type { FieldCoverage } from "../data/coverage.ts";
import type { Dataset } from "../data/dataset.ts";
import { describeData } from "./data.ts";
import type { Streams } from "./streams.ts";
import { formatCount, formatShare, formatTable } from "./table.ts";

/** Share of a field's cells from which on a warning is due. */
const LARGE = 0.2;

/** What is asked of a data set. */
export type CoveredRows = Pick<Dataset, "rows" | "schema" | "coverage">;

/** Fields that are listed and warned of; those with the largest shares come first. */
const LISTED = 12;

/**
 * Lists the fields with missing, unseen or outlying values, and the sequences with unseen or cut values or empty rows,
 * and warns of large shares.
 *
 * @param name what the data set is called
 * @param fitted whether the schema was fitted to this very data set: what it does not know then is rare by choice
 */
export function reportCoverage(name: string, data: CoveredRows, fitted: boolean, streams: Streams): void {
  const { coverage } = data;
  if (!coverage || data.rows === 0) return;
  const { fields, sequences } = data.schema;
  reportFields(name, coverage.slice(0, fields.length), data, fitted, streams);
  if (sequences.length > 0) reportSequences(name, coverage.slice(fields.length), data, fitted, streams);
}

/** Reports the labeled data that a command measures a model on: what its model does not know of it, and what it holds. */
export function reportData(data: Dataset, streams: Streams): void {
  reportCoverage("data", data, false, streams);
  streams.out(`${describeData("data", data)}\n`);
}

function reportFields(
  name: string,
  coverage: readonly FieldCoverage[],
  data: CoveredRows,
  fitted: boolean,
  streams: Streams,
): void {
  const notable = coverage.filter((field) => shareOf(field) > 0).sort((a, b) => shareOf(b) - shareOf(a));
  if (notable.length === 0) return;
  const listed = notable.slice(0, LISTED);
  streams.err(formatCoverage(name, listed, fitted ? "rare" : "unseen"));
  if (notable.length > LISTED) streams.err(`and ${formatCount(notable.length - LISTED, "more field")}`);
  const knowsMissing = new Map(
    data.schema.fields.map((field) => [field.name, field.missing || field.fill !== undefined]),
  );
  const warned = fitted ? [] : listed;
  const lines = warned.flatMap((field) => warningsOf(field, knowsMissing.get(field.name)!));
  for (const line of lines) streams.err(`warning: ${name}: ${line}`);
}

function reportSequences(
  name: string,
  coverage: readonly FieldCoverage[],
  { rows, schema }: CoveredRows,
  fitted: boolean,
  streams: Streams,
): void {
  const columns: [title: string, share: (sequence: FieldCoverage) => number][] = [
    ["missing", (sequence) => sequence.missing / sequence.rows],
    ["unseen", (sequence) => sequence.unseen / sequence.rows],
    ["cut", ({ cut = 0, rows: kept }) => cut / (cut + kept)],
    ["empty rows", ({ empty = 0 }) => empty / rows],
  ];
  const used = columns.filter(([, share]) => coverage.some((sequence) => share(sequence) > 0));
  const lines = coverage.map((sequence) => [
    sequence.name,
    formatCount(sequence.rows),
    ...used.map(([, share]) => share(sequence) > 0 ? formatShare(share(sequence)) : ""),
  ]);
  streams.err(formatTable([`sequences of ${name}`, "values", ...used.map(([title]) => title)], lines));
  coverage.forEach(({ name: sequence, rows: values, unseen, empty }, i) => {
    const { of } = schema.sequences[i].feature;
    const warn = (what: string): void => streams.err(`warning: ${name}: ${what}`);
    if (empty === rows) warn(`"${sequence}" is empty in every row`);
    else if (unseen / values > LARGE) {
      const shown = `${formatShare(unseen / values)} of "${sequence}"`;
      if (!fitted) warn(`${shown} is unseen in training`);
      else if (of !== undefined) warn(`${shown} is no value of "${of}"`);
    }
  });
}

/** Writes the shares of some fields as a table, without the columns that would be empty. */
function formatCoverage(name: string, fields: readonly FieldCoverage[], unseen: string): string {
  const all = [["missing", "missing"], ["filled in", "filled"], [unseen, "unseen"], [
    "beyond range",
    "outside",
  ]] as const;
  const columns = all.filter(([, key]) => fields.some(({ [key]: count = 0 }) => count > 0));
  const rows = fields.map((field) => [
    field.name,
    ...columns.map(([, key]) => field[key] ? formatShare(field[key] / field.rows) : ""),
  ]);
  return formatTable([`values of ${name}`, ...columns.map(([title]) => title)], rows);
}

function shareOf({ rows, missing, unseen, outside }: FieldCoverage): number {
  return (missing + unseen + outside) / rows;
}

function warningsOf(
  { name, rows, missing, unseen, outside, respelled }: FieldCoverage,
  knowsMissing: boolean,
): string[] {
  const lines: string[] = [];
  const shown = (count: number): string => `${formatShare(count / rows)} of "${name}"`;
  if (unseen / rows > LARGE) {
    const other = respelled
      ? `: ${JSON.stringify(respelled.text)} is unknown but ${JSON.stringify(respelled.known)} is not, ` +
        "so write them as in the training data"
      : "";
    lines.push(`${shown(unseen)} is unseen in training${other}`);
  }
  if (missing / rows > LARGE && !knowsMissing) {
    lines.push(`${shown(missing)} is missing, which it never was in training`);
  }
  if (outside / rows > LARGE) lines.push(`${shown(outside)} is beyond the numbers of the training data`);
  return lines;
}
