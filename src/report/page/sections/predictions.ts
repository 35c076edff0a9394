/**
 * The section on predictions: ranking, reliability, scores, gains.
 *
 * @module
 */
import type { TaskReport } from "../../measure/predictions.ts";
import type { Report } from "../../parts.ts";
import { countChart, liftChart, reliabilityChart, scoreChart, squareChart } from "../charts.ts";
import type { Drawing } from "../drawing.ts";
import { formatCount, formatNumber, formatShare } from "../format.ts";
import { type Markup, markup } from "../markup.ts";
import { absent, cards, chartCard, type Section } from "../section.ts";

/** Writes the section. */
export function predictionSection({ tasks, heads, data }: Report, drawing: Drawing): Section {
  const base = { id: "predictions", title: "Predictions" };
  if (!data) {
    return { ...base, body: absent("No rows were given to predict: --data makes ROC, reliability, scores and gains.") };
  }
  if (heads) return { ...base, body: absent("Labels are times: their metrics are in the summary.") };
  return {
    ...base,
    body: tasks.map((task) =>
      markup`${tasks.length > 1 && markup`<h3 class="over">${task.task}</h3>`}${taskCards(task, drawing)}`
    ),
  };
}

function taskCards(task: TaskReport, drawing: Drawing): Markup {
  const { curves } = task;
  return cards(
    curves ? [...rankingCards(task, curves, drawing), ...gainCards(curves, drawing)] : absent(
      `All ${formatCount(task.rows)} labels are the same: there is nothing to rank.`,
    ),
    scoreCard(task, drawing),
    reliabilityCard(task, drawing),
  );
}

function rankingCards(
  { rows, positives, metrics }: TaskReport,
  { roc, precisionRecall }: NonNullable<TaskReport["curves"]>,
  drawing: Drawing,
): Markup[] {
  const valueOf = (name: string): string => formatNumber(metrics.find((metric) => metric.name === name)?.value);
  const rate = positives / rows;
  return [
    chartCard(drawing, {
      title: "ROC curve",
      look: `The further it bends to the upper left, the better: the area below is ${
        valueOf("auc")
      }; chance is the diagonal.`,
      charts: [squareChart(drawing.plot, roc, {
        ...{ x: "Share of negatives above the score", y: "Share of positives above the score" },
        chance: [[0, 0], [1, 1]],
      })],
    }),
    chartCard(drawing, {
      title: "Precision and recall",
      look: `Rare positives show here what ROC hides: average precision is ${valueOf("averagePrecision")}, ` +
        `chance ${formatShare(rate)}.`,
      charts: [squareChart(drawing.plot, precisionRecall, {
        ...{ x: "Recall: share of positives found", y: "Precision: share of right ones" },
        chance: [[0, rate], [1, rate]],
      })],
    }),
  ];
}

function reliabilityCard({ reliability, uncalibrated, scores }: TaskReport, drawing: Drawing): Markup {
  // Both charts have this axis, so that bars stand beneath their dots.
  const top = Math.max(
    scores[scores.length - 1].high,
    ...[...reliability, ...uncalibrated ?? []].map(({ predicted }) => 1.04 * predicted),
  );
  return chartCard(drawing, {
    title: uncalibrated ? "Reliability before and after calibration" : "Reliability",
    look:
      "Dots on the diagonal are rates that came true; below it the model promises too much. Bars are 95 % intervals.",
    keys: uncalibrated ? [["after", "accent"], ["before", "second"]] : [],
    charts: [
      reliabilityChart(drawing.plot, reliability, uncalibrated ?? [], top),
      countChart(drawing.plot, scores, top),
    ],
    note: "Each dot is a tenth of the rows. Beneath: how many rows have a probability; the last bar holds all above.",
  });
}

function scoreCard({ scores }: TaskReport, drawing: Drawing): Markup {
  return chartCard(drawing, {
    title: "Scores by label",
    look: "The less the two overlap, the better the model tells positives from negatives.",
    keys: [["positives", "accent"], ["negatives", "second"]],
    charts: [scoreChart(drawing.plot, scores)],
    note: "Shares of each label's rows. The last bar holds all above.",
  });
}

function gainCards({ gains, deciles }: NonNullable<TaskReport["curves"]>, drawing: Drawing): Markup[] {
  const [first, second] = deciles;
  return [
    chartCard(drawing, {
      title: "Gains",
      look: `Showing only the highest scores finds most positives early: the first fifth of the rows has ` +
        `${formatShare(second.gain)} of them.`,
      charts: [squareChart(drawing.plot, gains, {
        ...{ x: "Share of the rows, highest scores first", y: "Share of the positives" },
        chance: [[0, 0], [1, 1]],
      })],
    }),
    chartCard(drawing, {
      title: "Lift by tenths",
      look:
        `Bars should fall from left to right: the first tenth has ${formatNumber(first.lift, 2)} times the positives ` +
        "of a random one; a bar that rises is rows in the wrong order.",
      charts: [liftChart(drawing.plot, deciles)],
    }),
  ];
}
