/**
 * Charts with a row for each field or value; each function returns what the library draws.
 *
 * @module
 */
import { type FieldDiagnosis, usableDimensions } from "../measure/diagnosis.ts";
import type { FieldImportance, Spread } from "../measure/importance.ts";
import type { InspectedPairs } from "../measure/inspection.ts";
import type { FieldNorms, NormBin } from "../measure/norms.ts";
import type { Slice } from "../measure/slices.ts";
import { COLORS } from "./charts.ts";
import type { ChartOptions, Plot } from "./drawing.ts";
import { formatCount, formatShare, formatShareTick, formatShort, shorten } from "./format.ts";

/** Height of a row of a chart. */
const ROW = 17;

/** Most rows of a chart; the page says how many more there are. */
export const MOST_ROWS = 40;

/** Returns what all charts with a row for each name have in common. */
function rowsOf(names: readonly string[], label: string): ChartOptions {
  const longest = Math.max(3, ...names.map((name) => [...shorten(name)].length));
  return {
    marginLeft: 18 + 6.4 * longest,
    marginRight: 20,
    marginTop: 26,
    height: 64 + ROW * names.length,
    y: {
      ...{ label, domain: names, type: "band", padding: 0.25, tickSize: 0 },
      ...{ labelAnchor: "top", labelArrow: "none", tickFormat: (name: string) => shorten(name) },
    },
  };
}

/** A bar with a name. */
export interface Bar {
  /** The name. */
  readonly name: string;
  /** Its length. */
  readonly value: number;
}

/** Draws bars. */
export function barChart(plot: Plot, bars: readonly Bar[], { x: label, y }: { x: string; y: string }): ChartOptions {
  return {
    ...rowsOf(bars.map(({ name }) => name), y),
    x: { label, grid: true, ticks: 4, tickFormat: formatShort, zero: true },
    marks: [
      plot.barX(bars, {
        ...{ x: "value", y: "name", fill: COLORS.accent, fillOpacity: 0.75 },
        title: ({ name, value }: Bar) => `${name}: ${formatShort(value)}`,
      }),
      plot.ruleX([0], { stroke: COLORS.muted }),
    ],
  };
}

/** Draws what is lost without each field, with standard deviations. */
export function importanceChart(
  plot: Plot,
  fields: readonly FieldImportance[],
  metric: "auc" | "logloss",
  label: string,
): ChartOptions {
  const known = fields.flatMap((field) => field[metric] ? [{ field: field.field, ...field[metric] as Spread }] : []);
  return {
    ...rowsOf(known.map(({ field }) => field), "Field"),
    x: { label, grid: true, ticks: 4, tickFormat: formatShort, zero: true },
    marks: [
      plot.barX(known, {
        ...{ x: "mean", y: "field", fill: COLORS.accent, fillOpacity: 0.75 },
        title: ({ field, mean, deviation }) => `${field}: ${formatShort(mean)} ± ${formatShort(deviation)}`,
      }),
      plot.ruleY(known, {
        ...{ y: "field", x1: ({ mean, deviation }) => mean - deviation, x2: ({ mean, deviation }) => mean + deviation },
        ...{ stroke: "var(--ink)", strokeWidth: 1.3 },
      }),
      plot.ruleX([0], { stroke: COLORS.muted }),
    ],
  };
}

/** Draws a metric of slices with intervals, beside that of all rows. */
export function sliceChart(
  plot: Plot,
  slices: readonly Slice[],
  metric: string,
  axes: { readonly label: string; readonly y: string; readonly all: number | null },
): ChartOptions {
  const shown = slices.slice(0, MOST_ROWS);
  const known = shown.flatMap(({ value, rows, metrics }) => {
    const found = metrics.find(({ name }) => name === metric);
    return found && found.value !== null ? [{ slice: value, rows, at: found.value, interval: found.interval }] : [];
  });
  const intervals = known.filter(({ interval }) => interval !== undefined);
  return {
    ...rowsOf(shown.map(({ value }) => value), axes.y),
    x: { label: axes.label, grid: true, ticks: 4, nice: true, tickFormat: formatShort },
    marks: [
      plot.ruleX(axes.all === null ? [] : [axes.all], { stroke: COLORS.line, strokeDasharray: "4 3" }),
      plot.ruleY(intervals, {
        ...{
          y: "slice",
          x1: ({ interval }) => interval![0],
          x2: ({ interval }) => interval![1],
          stroke: COLORS.accent,
        },
      }),
      plot.dot(known, {
        ...{ x: "at", y: "slice", fill: COLORS.accent, r: 3.5 },
        title: ({ slice, rows, at }) => `${slice}: ${formatShort(at)} over ${formatCount(rows)} rows`,
      }),
    ],
  };
}

/** Draws observed rates of slices with intervals, and what was predicted. */
export function sliceRateChart(plot: Plot, all: readonly Slice[], y: string): ChartOptions {
  const slices = all.slice(0, MOST_ROWS);
  return {
    ...rowsOf(slices.map(({ value }) => value), y),
    x: { label: "Rate", grid: true, ticks: 4, nice: true, tickFormat: formatShareTick, zero: true },
    marks: [
      plot.ruleY(slices, {
        ...{ y: "value", x1: ({ interval }) => interval[0], x2: ({ interval }) => interval[1], stroke: COLORS.accent },
      }),
      plot.dot(slices, {
        ...{ x: "observed", y: "value", fill: COLORS.accent, r: 3.5 },
        title: ({ value, observed, rows }) =>
          `${value}: observed ${formatShare(observed)} of ${formatCount(rows)} rows`,
      }),
      plot.dot(slices, {
        ...{ x: "predicted", y: "value", stroke: COLORS.second, strokeWidth: 1.8, symbol: "diamond", r: 4 },
        title: ({ value, predicted }) => `${value}: predicted ${formatShare(predicted)}`,
      }),
    ],
  };
}

/** Width of a cell of a matrix. */
const CELL = 15;

/** Draws a number for each pair of fields as a matrix, from the smallest to the largest; the second color is below zero. */
export function pairChart(plot: Plot, { labels, values }: InspectedPairs): ChartOptions {
  const cells = labels.flatMap((row, i) =>
    labels.flatMap((column, j) => {
      const value = values[i][j];
      return value === null ? [] : [{ row, column, value }];
    })
  );
  const sizes = cells.map(({ value }) => Math.abs(value));
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  // Equal numbers are neither the largest nor the smallest.
  const shade = (value: number): number => most === least ? 0.5 : (Math.abs(value) - least) / (most - least);
  const margin = 14 + 6.4 * Math.max(3, ...labels.map((name) => [...shorten(name, 14)].length));
  const size = Math.max(220, CELL * labels.length);
  const axis = {
    domain: labels,
    type: "band" as const,
    label: "Field",
    labelArrow: "none" as const,
    tickSize: 0,
    tickFormat: (name: string) => shorten(name, 14),
  };
  return {
    ...{
      width: margin + size + 16,
      height: margin + size + 42,
      marginLeft: margin,
      marginBottom: margin + 16,
      marginTop: 26,
    },
    marginRight: 12,
    x: { ...axis, tickRotate: -60 },
    y: { ...axis, labelAnchor: "top" },
    opacity: { type: "identity" },
    marks: [
      plot.cell(cells, {
        ...{ x: "column", y: "row", inset: 0.5, fill: ({ value }) => (value < 0 ? COLORS.second : COLORS.accent) },
        fillOpacity: ({ value }) => 0.05 + 0.95 * shade(value),
        title: ({ row, column, value }) => `${row}, ${column}: ${formatShort(value)}`,
      }),
    ],
    color: { type: "identity" },
  };
}

/** Draws singular values by field; the one whose embeddings use least of their dimensions stands out. */
export function spectrumChart(plot: Plot, fields: readonly FieldDiagnosis[]): ChartOptions {
  // Zeros have no logarithm; they are drawn at the lower edge.
  const floor = 1e-4;
  const points = fields.flatMap(({ field, spectrum }) =>
    spectrum.map((value, i) => ({ field, number: i + 1, value: Math.max(floor, value) }))
  );
  const worst = worstField(fields)?.field;
  const highlighted = points.filter(({ field }) => field === worst);
  const ends = highlighted.slice(-1);
  const line = { x: "number", y: "value", z: "field", strokeWidth: 1.3 };
  return {
    marginLeft: 50,
    x: {
      label: "Singular value by size",
      ticks: Math.min(8, Math.max(1, ...points.map(({ number }) => number))),
      tickFormat: "d",
    },
    y: { label: "Part of the largest", type: "log", domain: [floor, 1], grid: true, ticks: 4, tickFormat: formatShort },
    marks: [
      plot.line(points, { ...line, stroke: COLORS.accent, strokeOpacity: 0.4, title: "field" }),
      plot.line(highlighted, { ...line, stroke: COLORS.second, strokeWidth: 2 }),
      plot.text(ends, {
        x: "number",
        y: "value",
        text: ({ field }) => shorten(field),
        textAnchor: "end",
        dy: -9,
        fill: COLORS.second,
        stroke: "var(--card)",
        strokeWidth: 4,
      }),
    ],
  };
}

/** Returns the field whose embeddings use the least share of the dimensions that they could. */
export function worstField(fields: readonly FieldDiagnosis[]): FieldDiagnosis | undefined {
  const share = (field: FieldDiagnosis): number => field.abundance! / usableDimensions(field);
  return fields.filter(({ abundance }) => abundance !== null).sort((a, b) => share(a) - share(b))[0];
}

/** Draws how many dimensions each field uses, of those that it could. */
export function abundanceChart(plot: Plot, fields: readonly FieldDiagnosis[]): ChartOptions {
  const known = fields.filter(({ abundance }) => abundance !== null);
  return {
    ...rowsOf(known.map(({ field }) => field), "Field"),
    x: { label: "Dimensions in use", grid: true, ticks: 5, domain: [0, Math.max(1, ...known.map(usableDimensions))] },
    marks: [
      plot.barX(known, { x: usableDimensions, y: "field", fill: COLORS.line, fillOpacity: 0.25 }),
      plot.barX(known, {
        ...{ x: "abundance", y: "field", fill: COLORS.accent, fillOpacity: 0.75 },
        title: ({ field, abundance, dim }: FieldDiagnosis) => `${field}: ${formatShort(abundance)} of ${dim}`,
      }),
      plot.ruleX([0], { stroke: COLORS.muted }),
    ],
  };
}

/** Draws the norms of a field's embeddings by rank or count, on axes that all fields share. */
export function normChart(plot: Plot, { by, bins }: FieldNorms, { most }: { readonly most: number }): ChartOptions {
  // The middle of a bin whose ends are powers of two.
  const place = ({ low, high }: NormBin): number => Math.sqrt(Math.max(low, 0.5) * Math.max(high, 0.5));
  return {
    ...{ width: 180, height: 130, marginLeft: 36, marginBottom: 34, marginTop: 20, marginRight: 8 },
    x: {
      label: by === "rank" ? "Rank" : "Count",
      type: "log",
      ticks: powersUpTo(Math.max(...bins.map(place))),
      tickFormat: formatPower,
    },
    y: { label: "Norm", domain: [0, most], grid: true, ticks: 3, tickFormat: formatShort },
    marks: [
      plot.areaY(bins, {
        x: place,
        y1: ({ quantiles }) => quantiles[1],
        y2: ({ quantiles }) => quantiles[3],
        fill: COLORS.accent,
        fillOpacity: 0.22,
      }),
      plot.line(bins, { x: place, y: ({ quantiles }) => quantiles[2], stroke: COLORS.accent, strokeWidth: 1.6 }),
      plot.dot(bins, {
        ...{ x: place, y: ({ quantiles }) => quantiles[2], fill: COLORS.accent, r: 2 },
        title: ({ low, high, values, quantiles }: NormBin) =>
          `${by} ${formatCount(low)} to ${formatCount(high)}: ${formatCount(values)} values, median ${
            formatShort(quantiles[2])
          }`,
      }),
    ],
  };
}

/** Returns powers of ten up to a number, or of two where it is small. */
function powersUpTo(most: number): number[] {
  const base = most < 10 ? 2 : 10;
  return Array.from({ length: 1 + Math.floor(Math.log(Math.max(1, most)) / Math.log(base)) }, (_, i) => base ** i);
}

function formatPower(value: number): string {
  if (value < 1000) return String(value);
  return value < 1e6 ? `${value / 1e3} k` : `${value / 1e6} M`;
}
