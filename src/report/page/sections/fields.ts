/**
 * Sections by field: slices, importance, and what layers expose.
 *
 * @module
 */
import type { FieldImportance } from "../../measure/importance.ts";
import type { InspectedPairs } from "../../measure/inspection.ts";
import type { FieldSlices } from "../../measure/slices.ts";
import type { Report } from "../../parts.ts";
import type { Drawing } from "../drawing.ts";
import { barChart, importanceChart, MOST_ROWS, pairChart, sliceChart, sliceRateChart } from "../field_charts.ts";
import { formatCount, formatNumber, formatShare, formatShort } from "../format.ts";
import { type Markup, markup, type Part } from "../markup.ts";
import { absent, cards, chartCard, type Section, tableCard } from "../section.ts";

/** Writes the section of metrics by the values of fields. */
export function sliceSection({ slices, tasks, data }: Report, drawing: Drawing): Section {
  const base = { id: "slices", title: "Slices" };
  if (slices.length === 0) {
    const why = data
      ? "No fields to cut by were named: --by device,hour tells metrics by their values."
      : "Metrics by the values of fields need rows: --data, with --by.";
    return { ...base, body: absent(why) };
  }
  const overall = (task: string): number | null =>
    tasks.find((other) => other.task === task)?.metrics.find(({ name }) => name === "auc")?.value ?? null;
  return { ...base, body: slices.map((field) => sliceCards(field, tasks.length > 1, overall(field.task), drawing)) };
}

function sliceCards(
  { task, field, slices }: FieldSlices,
  hasTasks: boolean,
  auc: number | null,
  drawing: Drawing,
): Markup {
  const name = (what: string): string => `${hasTasks ? `${task}: ` : ""}${what} by ${field}`;
  const metric = (metrics: FieldSlices["slices"][number]["metrics"], wanted: string): Part => {
    const found = metrics.find((other) => other.name === wanted);
    const interval = found?.interval &&
      markup` <small>${formatNumber(found.interval[0])} to ${formatNumber(found.interval[1])}</small>`;
    return [formatNumber(found?.value), interval];
  };
  const charts = cards(
    chartCard(drawing, {
      title: name("AUC"),
      look:
        "A value far left of the dashed line of all rows is one that the model ranks badly; wide bars have few positives.",
      charts: [sliceChart(drawing.plot, slices, "auc", { label: "AUC", y: field, all: auc })],
    }),
    chartCard(drawing, {
      title: name("Rates"),
      look: "A diamond outside the bar of its dot is a value whose rate the model gets wrong by more than chance.",
      keys: [["observed, with 95 % interval", "accent"], ["predicted", "second"]],
      charts: [sliceRateChart(drawing.plot, slices, field)],
    }),
  );
  const table = cards(
    tableCard(
      name("Metrics"),
      "The same in numbers, with 95 % intervals.",
      [
        { title: field },
        ...["Rows", "Observed", "Predicted", "AUC", "Log loss", "Pred. / obs."].map((title) => ({
          title,
          isNumber: true,
        })),
      ],
      slices.map(({ value, rows, observed, predicted, metrics }) => [
        value,
        formatCount(rows),
        formatShare(observed),
        formatShare(predicted),
        metric(metrics, "auc"),
        metric(metrics, "logloss"),
        metric(metrics, "calibration"),
      ]),
    ),
  );
  return markup`${charts}${table}`;
}

/** Writes the section of the importance of fields. */
export function importanceSection({ importance, data }: Report, drawing: Drawing): Section {
  const base = { id: "importance", title: "Importance of fields" };
  if (!importance) {
    const why = data
      ? "Not measured: --importance deals the values of each field to other rows, and tells what is lost."
      : "Importance of fields needs rows: --data, with --importance.";
    return { ...base, body: absent(why) };
  }
  const { fields, rows, repeats } = importance;
  const shown = fields.slice(0, MOST_ROWS);
  const more = fields.length - shown.length;
  const note =
    `${formatCount(rows)} rows, ${formatCount(repeats)} ${
      repeats === 1 ? "permutation" : "permutations"
    } of each field; lines are standard deviations.` +
    (more > 0 ? ` ${more} less important fields are left out.` : "");
  const card = (metric: "auc" | "logloss", title: string, label: string, look: string): Part =>
    fields.some((field: FieldImportance) => field[metric]) && chartCard(drawing, {
      ...{ title, look, note },
      charts: [importanceChart(drawing.plot, shown, metric, label)],
    });
  return {
    ...base,
    body: cards(
      card(
        "auc",
        "Loss of AUC",
        "AUC lost",
        "Long bars are fields that the ranking rests on; at 0 or below, a field could be left out.",
      ),
      card(
        "logloss",
        "Rise of log loss",
        "Log loss gained",
        "A field that matters here but not for AUC sets the level of the rates and not their order.",
      ),
    ),
  };
}

/** Places in a chart from which on a name would say little. */
const IS_LONG = 16;

/** Writes the smallest and the largest size of a matrix's numbers. */
function rangeOf({ values }: InspectedPairs): string {
  const sizes = values.flat().flatMap((value) => value === null ? [] : [Math.abs(value)]);
  return `${formatShort(Math.min(...sizes))} to ${formatShort(Math.max(...sizes))}`;
}

/** Writes the section of attention weights, gates and field strengths. */
export function inspectionSection({ inspection, data, model }: Report, drawing: Drawing): Section {
  const base = { id: "inspection", title: "Attention, gates and strengths" };
  if (!inspection) {
    const why = data
      ? `${model.name} has no attention, gates or strengths to show.`
      : "What layers weigh needs rows: --data.";
    return { ...base, body: absent(why) };
  }
  const { rows, bars, pairs, others } = inspection;
  const drawn = [
    ...pairs.map((found) =>
      chartCard(drawing, {
        title: found.name,
        look:
          "The stronger a cell's color, the more the model makes of that pair of fields; the second color is below zero.",
        charts: [pairChart(drawing.plot, found)],
        isWide: found.labels.length > IS_LONG,
        note:
          `From ${rangeOf(found)}. Means over ${formatCount(rows)} rows and heads; of weights between the columns of ` +
          "two fields, root mean squares.",
      })
    ),
    ...bars.map(({ name, of, labels, values }) =>
      chartCard(drawing, {
        title: name,
        look: of === "field"
          ? "Long bars are fields that the layer lets through."
          : "Equal bars mean that the layer does not choose; one bar alone, that the others are idle.",
        charts: [
          barChart(
            drawing.plot,
            labels.map((label, i) => ({ name: label, value: values[i] })).slice(0, MOST_ROWS),
            of === "field" ? { x: "Mean", y: "Field" } : { x: "Mean", y: "Place" },
          ),
        ],
        note: `Mean over ${formatCount(rows)} rows.`,
      })
    ),
  ];
  const rest = others.length > 0 &&
    markup`<p class="muted caption">Not drawn: ${
      others.map(({ name, shape }) => `${name} [${shape.join(", ")}]`).join(", ")
    }.</p>`;
  return { ...base, body: [cards(...drawn), rest] };
}
