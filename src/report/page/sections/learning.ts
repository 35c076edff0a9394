/**
 * The section on how training went.
 *
 * @module
 */
import type { EvaluationEvent, StepEvent } from "../../../runs/mod.ts";
import type { Point } from "../../measure/curves.ts";
import type { Report } from "../../parts.ts";
import { COLORS, progressChart } from "../charts.ts";
import type { Drawing } from "../drawing.ts";
import type { Markup } from "../markup.ts";
import { absent, cards, chartCard, type Section } from "../section.ts";
import { labelOf } from "./summary.ts";

/** Metrics of evaluations that have a chart, in this order. */
const SHOWN = ["auc", "logloss", "normalizedEntropy", "calibration", "concordance"];

/** Points of a line; of more steps, neighbors are averaged. */
const MOST_POINTS = 400;

/** Points of a line through losses that scatter from step to step. */
const SMOOTH_POINTS = 60;

/** What to look for in the charts of metrics. */
const LOOK: Readonly<Record<string, string>> = {
  auc: "It should rise and level off; a fall after the best epoch is overfitting.",
  logloss: "It should fall with the loss of training; where it turns up while that one falls, the model overfits.",
  normalizedEntropy: "Below 1 the model knows more than the mean rate of the labels does.",
  calibration: "It should settle near 1: above, the model promises too many positives.",
  concordance: "It should rise above 0.5, which is what chance gives.",
};

/** Writes the section. */
export function learningSection({ run }: Report, drawing: Drawing): Section {
  const base = { id: "learning", title: "Learning curves" };
  if (!run) {
    return {
      ...base,
      body: absent("The report was made from a model file alone: learning curves are in a run's folder."),
    };
  }
  const steps = run.events.filter((event): event is StepEvent => event.kind === "step");
  const evaluations = run.events.filter((event): event is EvaluationEvent =>
    event.kind === "epoch" || event.kind === "evaluation"
  );
  const drawn = [
    ...lossCard(drawing, steps, evaluations),
    ...metricCards(drawing, evaluations, run.info.bestEpoch),
    ...rateCard(drawing, steps),
  ];
  return { ...base, body: drawn.length > 0 ? cards(...drawn) : absent("The run has no steps yet.") };
}

function lossCard(drawing: Drawing, steps: readonly StepEvent[], evaluations: readonly EvaluationEvent[]): Markup[] {
  // A run of few steps has no losses between its epochs.
  const losses = steps.length > 1 ? steps : evaluations.filter(({ kind }) => kind === "epoch");
  const points = losses.flatMap(({ step, loss }) => loss === undefined ? [] : [[step, loss] as const]);
  if (points.length === 0) return [];
  const validation = evaluations.flatMap(({ step, metrics: { logloss } }) =>
    logloss === undefined ? [] : [[step, logloss] as const]
  );
  const isNoisy = points.length > 2 * SMOOTH_POINTS;
  const lines = [
    ...(isNoisy ? [{ label: "step", points: averaged(points), color: COLORS.accent, isFaint: true }] : []),
    { label: "training", points: averaged(points, isNoisy ? SMOOTH_POINTS : MOST_POINTS), color: COLORS.accent },
    ...(validation.length > 0 ? [{ label: "validation", points: validation, color: COLORS.second }] : []),
  ];
  return [chartCard(drawing, {
    title: "Loss by step",
    look: "Both should fall; a widening gap between them means that the model learns its training rows by heart.",
    keys: validation.length > 0 ? [["training loss", "accent"], ["validation log loss", "second"]] : [],
    charts: [progressChart(drawing.plot, lines, { x: "Step", y: "Loss" })],
    note: isNoisy && "The faint line has single steps, the bold one means of neighbors.",
  })];
}

function metricCards(drawing: Drawing, evaluations: readonly EvaluationEvent[], best?: number): Markup[] {
  const epochs = evaluations.filter(({ kind }) => kind === "epoch");
  const names = new Set(epochs.flatMap(({ metrics }) => Object.keys(metrics)));
  return SHOWN.filter((name) => names.has(name)).map((name) => {
    const points = epochs.flatMap(({ epoch, metrics }) =>
      metrics[name] === undefined ? [] : [[epoch, metrics[name]] as const]
    );
    const label = labelOf(name);
    return chartCard(drawing, {
      title: `${label} by epoch`,
      look: `${LOOK[name]} Measured on the validation rows${
        best ? "; the dashed line is the epoch that was kept" : ""
      }.`,
      charts: [progressChart(drawing.plot, [{ label, points, color: COLORS.accent }], { x: "Epoch", y: label, best })],
    });
  });
}

/** Draws the learning rate, unless it is always the same. */
function rateCard(drawing: Drawing, steps: readonly StepEvent[]): Markup[] {
  const points = steps.map(({ step, lr }) => [step, lr] as const);
  if (new Set(points.map(([, lr]) => lr)).size < 2) return [];
  return [chartCard(drawing, {
    title: "Learning rate by step",
    look: "Where the loss stands still, look here: a rate that fell early is the reason as often as the model.",
    charts: [
      progressChart(drawing.plot, [{ label: "learning rate", points: averaged(points), color: COLORS.accent }], {
        x: "Step",
        y: "Learning rate",
      }),
    ],
  })];
}

/** Averages neighbors where there are more points than a chart can show. */
function averaged(points: readonly Point[], most = MOST_POINTS): Point[] {
  const each = Math.ceil(points.length / most);
  return Array.from({ length: Math.ceil(points.length / each) }, (_, i) => {
    const part = points.slice(i * each, (i + 1) * each);
    return [part[part.length - 1][0], part.reduce((sum, [, y]) => sum + y, 0) / part.length] as const;
  });
}
