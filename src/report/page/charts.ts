/**
 * Charts of plain numbers; each function returns what the library draws.
 *
 * @module
 */
import type { Decile, Point, ScoreBin } from "../measure/curves.ts";
import type { ReliabilityBin } from "../measure/predictions.ts";
import type { ChartOptions, Plot } from "./drawing.ts";
import { formatCount, formatShare, formatShareTick, formatShort } from "./format.ts";

/** Colors of the page's style, which differ between light and dark. */
export const COLORS = {
  accent: "var(--accent)",
  second: "var(--second)",
  muted: "var(--muted)",
  line: "var(--trained)",
} as const;

/** An axis from 0 to 1. */
const UNIT = { domain: [0, 1], ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] };

/** A line of a chart. */
export interface Line {
  /** What it is. */
  readonly label: string;
  /** Its points. */
  readonly points: readonly Point[];
  /** One of the page's colors. */
  readonly color: string;
  /** Whether it stays behind the others. @default {false} */
  readonly isFaint?: boolean;
}

/** Draws lines over steps or epochs, with the best place marked. */
export function progressChart(
  plot: Plot,
  lines: readonly Line[],
  axes: { readonly x: string; readonly y: string; readonly best?: number },
): ChartOptions {
  const best = axes.best === undefined ? [] : [axes.best];
  return {
    x: { label: axes.x, nice: false, ticks: ticksOf(lines), tickFormat: formatTick },
    y: { label: axes.y, grid: true, nice: true, ticks: 5 },
    marginLeft: 54,
    marginTop: 30,
    marks: [
      plot.ruleX(best, { stroke: COLORS.muted, strokeDasharray: "3 3" }),
      plot.text(best, { x: (x: number) => x, text: () => "best", frameAnchor: "top", dy: -8, fill: COLORS.muted }),
      ...lines.map(({ points, color, isFaint }) =>
        plot.line(points, {
          ...{ x: "0", y: "1", stroke: color },
          ...(isFaint ? { strokeWidth: 1, strokeOpacity: 0.3 } : { strokeWidth: 1.8 }),
        })
      ),
      ...lines.filter(({ points }) => points.length <= 30).map(({ label, points, color }) =>
        plot.dot(points, {
          x: "0",
          y: "1",
          r: ([x]: Point) => (x === axes.best ? 4.5 : 2.2),
          fill: color,
          title: ([x, y]: Point) => `${label} ${formatShort(y)} at ${axes.x.toLowerCase()} ${formatCount(x)}`,
        })
      ),
    ],
    r: { type: "identity" },
  };
}

/** Epochs are whole numbers, and few of them have few ticks. */
function ticksOf(lines: readonly Line[]): number | number[] {
  const places = [...new Set(lines.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  return places.length <= 8 ? places : 6;
}

/** Writes a step as short as it goes. */
function formatTick(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  return value >= 1e4 ? `${Number((value / 1e3).toPrecision(3))} k` : String(value);
}

/** Draws a curve in the unit square beside what chance gives. */
export function squareChart(
  plot: Plot,
  curve: readonly Point[],
  { x, y, chance }: { readonly x: string; readonly y: string; readonly chance: readonly Point[] },
): ChartOptions {
  return {
    height: 300,
    x: { label: x, ...UNIT, grid: true },
    y: { label: y, ...UNIT, grid: true },
    marks: [
      plot.line(chance, { x: "0", y: "1", stroke: COLORS.line, strokeDasharray: "4 3" }),
      plot.line(curve, { x: "0", y: "1", stroke: COLORS.accent, strokeWidth: 1.8 }),
    ],
  };
}

/** Draws observed rates against probabilities, with intervals; on the diagonal they agree. */
export function reliabilityChart(
  plot: Plot,
  after: readonly ReliabilityBin[],
  before: readonly ReliabilityBin[],
  top: number,
): ChartOptions {
  const marks = (bins: readonly ReliabilityBin[], color: string, symbol: "circle" | "square") => [
    plot.ruleX(bins, {
      x: "predicted",
      y1: ({ interval }) => interval[0],
      y2: ({ interval }) => interval[1],
      stroke: color,
    }),
    plot.line(bins, { x: "predicted", y: "observed", stroke: color, strokeOpacity: 0.5 }),
    plot.dot(bins, {
      ...{ x: "predicted", y: "observed", fill: color, symbol, r: 3.5 },
      title: ({ rows, predicted, observed }: ReliabilityBin) =>
        `${formatCount(rows)} rows: predicted ${formatShare(predicted)}, observed ${formatShare(observed)}`,
    }),
  ];
  const highest = Math.max(...[...after, ...before].flatMap(({ observed, interval }) => [observed, interval[1]]));
  const end = Math.min(top, highest);
  return {
    height: 250,
    x: { label: "Predicted probability", domain: [0, top], grid: true, ticks: 5 },
    y: { label: "Observed rate", domain: [0, highest], grid: true, ticks: 5 },
    marks: [
      plot.line([[0, 0], [end, end]], { x: "0", y: "1", stroke: COLORS.line, strokeDasharray: "4 3" }),
      ...marks(before, COLORS.second, "square"),
      ...marks(after, COLORS.accent, "circle"),
    ],
  };
}

/** Draws how many rows have a probability. */
export function countChart(plot: Plot, bins: readonly ScoreBin[], top: number): ChartOptions {
  return {
    height: 115,
    x: { label: "Predicted probability", domain: [0, top], ticks: 5 },
    y: { label: "Rows", grid: true, ticks: 3, tickFormat: formatTick },
    marks: [
      plot.rectY(bins, {
        ...{
          x1: "low",
          x2: "high",
          y: "rows",
          fill: COLORS.accent,
          fillOpacity: 0.55,
          insetLeft: 0.5,
          insetRight: 0.5,
        },
        title: ({ low, high, rows }: ScoreBin) =>
          `${formatShare(low)} to ${formatShare(high)}: ${formatCount(rows)} rows`,
      }),
      plot.ruleY([0], { stroke: COLORS.muted }),
    ],
  };
}

/** Draws the shares of positives and negatives by score. */
export function scoreChart(plot: Plot, bins: readonly ScoreBin[]): ChartOptions {
  const bars = (label: "positives" | "negatives", color: string) =>
    plot.rectY(bins, {
      ...{ x1: "low", x2: "high", y: label, fill: color, fillOpacity: 0.4, stroke: color, strokeOpacity: 0.7 },
      title: (bin: ScoreBin) =>
        `${formatShare(bin[label])} of ${label}, ${formatShare(bin.low)} to ${formatShare(bin.high)}`,
    });
  return {
    height: 300,
    x: { label: "Predicted probability", ticks: 5 },
    y: { label: "Share of the label's rows", grid: true, ticks: 5, tickFormat: formatShareTick },
    marginLeft: 52,
    marks: [
      bars("negatives", COLORS.second),
      bars("positives", COLORS.accent),
      plot.ruleY([0], { stroke: COLORS.muted }),
    ],
  };
}

/** Draws the lift of each tenth of the rows. */
export function liftChart(plot: Plot, deciles: readonly Decile[]): ChartOptions {
  return {
    height: 300,
    x: { label: "Tenth of the rows, highest scores first", type: "band", padding: 0.2 },
    y: { label: "Lift", grid: true, ticks: 5 },
    marks: [
      plot.barY(deciles, {
        ...{ x: "decile", y: "lift", fill: COLORS.accent, fillOpacity: 0.75 },
        title: ({ decile, lift, gain }: Decile) =>
          `Tenth ${decile}: lift ${formatShort(lift)}, ${formatShare(gain)} of the positives up to here`,
      }),
      plot.ruleY([1], { stroke: COLORS.line, strokeDasharray: "4 3" }),
      plot.ruleY([0], { stroke: COLORS.muted }),
    ],
  };
}
