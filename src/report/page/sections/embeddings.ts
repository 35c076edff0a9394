/**
 * Sections on the model's inside: norms, diagnosis and plan.
 *
 * @module
 */
import { type FieldDiagnosis, usableDimensions } from "../../measure/diagnosis.ts";
import type { FieldNorms } from "../../measure/norms.ts";
import type { Report } from "../../parts.ts";
import type { Drawing } from "../drawing.ts";
import { abundanceChart, MOST_ROWS, normChart, spectrumChart } from "../field_charts.ts";
import { formatBytes, formatCount, formatNumber, formatSeconds, formatShare, NONE } from "../format.ts";
import { type Markup, markup } from "../markup.ts";
import { absent, cards, chartCard, type Section, tableCard } from "../section.ts";

/** Fields of a table that have a chart of norms, those with most values first. */
const MOST_NORMS = 12;

/** Tables whose charts are drawn; the JSON has all. */
const MOST_TABLES = 3;

/** Writes the section of norms by frequency. */
export function normSection({ norms }: Report, drawing: Drawing): Section {
  const base = { id: "norms", title: "Embedding norms by frequency" };
  const tables = [...new Set(norms.map(({ table }) => table))].slice(0, MOST_TABLES);
  if (tables.length === 0) {
    return { ...base, body: absent("The model has no embeddings of fields with several values.") };
  }
  return {
    ...base,
    body: cards(...tables.map((table) => normCard(norms.filter((field) => field.table === table), drawing))),
  };
}

function normCard(fields: readonly FieldNorms[], drawing: Drawing): Markup {
  const size = ({ bins }: FieldNorms): number => bins.reduce((sum, { values }) => sum + values, 0);
  const shown = [...fields].sort((a, b) => size(b) - size(a)).slice(0, MOST_NORMS);
  const [{ table, by }] = shown;
  const most = Math.max(1e-30, ...shown.flatMap(({ bins }) => bins.map(({ quantiles }) => quantiles[3])));
  const frequency = by === "rank" ? "rank in the vocabulary (1 is the most frequent)" : "count in the training rows";
  const look = "Frequent values have longer embeddings where training had much to say of them; rare ones as long as " +
    "those are guesses, and want stronger L2 or a shared row.";
  const more = fields.length - shown.length;
  return markup`<figure class="card wide"><figcaption><h3>Norms of ${table}</h3><p class="muted look">${look}</p></figcaption>
<div class="multiples">${
    shown.map((field) =>
      markup`<div><h4 title="${field.field}">${field.field}</h4>${
        drawing.svg(normChart(drawing.plot, field, { most }), `Norms of ${field.field} by ${by}`)
      }</div>
`
    )
  }</div>
<p class="muted caption">Median and quartiles by ${frequency}.${
    more > 0 && ` ${more} fields with fewer values are left out.`
  }</p></figure>
`;
}

/** Writes the section of what can be wrong. */
export function diagnosisSection({ diagnosis }: Report, drawing: Drawing): Section {
  const { fields, layers, advice } = diagnosis;
  const tables = [...new Set(fields.filter(({ abundance }) => abundance !== null).map(({ table }) => table))];
  const shown = tables.slice(0, MOST_TABLES).map((table) => fields.filter((field) => field.table === table));
  return {
    id: "diagnosis",
    title: "Diagnosis",
    body: [
      advice.length > 0
        ? markup`<ul class="card advice">${advice.map((line) => markup`<li>${line}</li>`)}</ul>
`
        : markup`<p class="card good">Nothing found: embeddings use their dimensions, rows were trained, units fire.</p>
`,
      cards(
        shown.map((own) => spectrumCards(own, drawing)),
      ),
      cards(
        rowTable(fields),
        layers.length > 0 && unitTable(layers),
      ),
    ],
  };
}

function spectrumCards(fields: readonly FieldDiagnosis[], drawing: Drawing): Markup[] {
  const [{ table }] = fields;
  const wanting = fields.filter(({ abundance }) => abundance !== null)
    .sort((a, b) => a.abundance! / usableDimensions(a) - b.abundance! / usableDimensions(b)).slice(0, MOST_ROWS);
  return [
    chartCard(drawing, {
      title: `Singular values of ${table}`,
      look: "Lines that fall steeply are embeddings that live in few dimensions; the named field is the worst.",
      charts: [spectrumChart(drawing.plot, fields)],
      note: "Each line is a field; values over its largest one.",
    }),
    chartCard(drawing, {
      title: `Dimensions in use by ${table}`,
      look: "Bars far shorter than the grey room behind them are a collapse: a smaller width would do as well.",
      charts: [abundanceChart(drawing.plot, wanting)],
      note: "Information abundance: the sum of the singular values over the largest, of the smaller of rows and width.",
    }),
  ];
}

function rowTable(fields: readonly FieldDiagnosis[]): Markup {
  const hasTables = new Set(fields.map(({ table }) => table)).size > 1;
  return tableCard(
    "Rows and dimensions by field",
    "Rows that training never moved, and rows of zeros, are memory without use.",
    ["Field", "Rows", "Never moved", "Zeros", "Width", "Dimensions in use", "Effective rank"].map((title, i) => ({
      title,
      isNumber: i > 0,
    })),
    fields.map(({ table, field, rows, unmoved, zeros, dim, abundance, effectiveRank }) => [
      hasTables ? `${table}: ${field}` : field,
      formatCount(rows),
      unmoved === 0 ? "0" : `${formatCount(unmoved)} (${formatShare(unmoved / rows)})`,
      zeros === 0 ? "0" : `${formatCount(zeros)} (${formatShare(zeros / rows)})`,
      formatCount(dim),
      formatNumber(abundance, 2),
      formatNumber(effectiveRank, 2),
    ]),
  );
}

function unitTable(layers: Report["diagnosis"]["layers"]): Markup {
  return tableCard(
    "Layers with ReLU",
    "Dead units are 0 in all rows looked at; a few are usual, most of a layer is not.",
    ["Layer", "Units", "Dead", "Outputs that are 0"].map((title, i) => ({ title, isNumber: i > 0 })),
    layers.map(({ layer, units, dead, zeroShare }) => [
      layer,
      formatCount(units),
      dead === 0 ? "0" : `${formatCount(dead)} (${formatShare(dead / units)})`,
      formatShare(zeroShare),
    ]),
  );
}

/** Writes the section of what a step costs. */
export function planSection({ plan, run }: Report): Section {
  const seconds = run?.info.seconds;
  const rates = (run?.events ?? []).flatMap((event) =>
    event.kind === "epoch" && event.rowsPerSecond !== undefined ? [event.rowsPerSecond] : []
  );
  const steps = Math.max(0, ...(run?.events ?? []).map((event) => ("step" in event ? event.step : 0)));
  const facts: (readonly [string, string])[] = [
    ...(plan
      ? [
        ["Dispatches of a step", formatCount(plan.dispatches)],
        ["Longest chain of dispatches", formatCount(plan.longestChain)],
        ["Arena of intermediate tensors", formatBytes(plan.arenaBytes)],
        ["Alive at one time, at most", formatBytes(plan.peakBytes)],
        ["Without sharing memory", formatBytes(plan.tensorBytes)],
      ] as const
      : []),
    ...(rates.length > 0
      ? [["Training rows per second, median", formatCount(Math.round(medianOf(rates)))] as const]
      : []),
    ...(seconds !== undefined ? [["Time of the run", formatSeconds(seconds)] as const] : []),
    ...(seconds !== undefined && steps > 0
      ? [["Time of the run by step, evaluations included", `${formatNumber((1000 * seconds) / steps, 2)} ms`] as const]
      : []),
  ];
  const kernels = Object.entries(run?.info.kernels ?? {});
  return {
    id: "plan",
    title: "Memory and time",
    body: [
      facts.length > 0
        ? markup`<dl class="card facts">${
          facts.map(([name, value]) =>
            markup`<div><dt>${name}</dt><dd>${value}</dd></div>
`
          )
        }</dl>
`
        : absent("What a step of training runs and takes is told by a run's folder."),
      kernels.length > 0 && cards(tableCard(
        "Kernels",
        "Variants that the device ran, by problem; tune-kernels finds the fastest of them.",
        [{ title: "Problem" }, { title: "Variant" }],
        kernels.map(([problem, variant]) => [problem, variant || NONE]),
      )),
    ],
  };
}

function medianOf(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
