// What the status page shows of a model.
import { Chart } from "./chart.js";
import { find, formatCount, formatMs, formatPsi, formatShare, formatSpan, make } from "./format.js";

/** @typedef {"green" | "amber" | "red" | "unknown"} Level */
/** @typedef {import("./chart.js").Columns} Columns */
/** @typedef {Record<string, any>} Json */

export const DRIFT_WORDS = { green: "None", amber: "Moderate", red: "Large", unknown: "Unknown" };

const batchLabels = Array.from({ length: 14 }, (_, k) => String(2 ** k));
const charts = {
  latency: new Chart(find("latency"), [
    { label: "median", color: "accent", format: formatMs },
    { label: "99th percentile", color: "second", format: formatMs },
  ], { isLog: true }),
  throughput: new Chart(find("throughput"), [
    { label: "requests/s", color: "accent", format: formatCount },
    { label: "rows/s (right)", color: "second", format: formatCount, isRight: true },
  ]),
  waiting: new Chart(find("waiting"), [
    { label: "waiting", color: "accent", format: formatCount },
    { label: "refused/s", color: "red", format: formatCount },
  ]),
  batches: new Chart(
    find("batches"),
    [{ label: "batches of up to so many rows, last minute", color: "accent", format: formatCount, bars: 0 }],
    { labels: () => batchLabels },
  ),
};
/** Charts of scores by task and edges of bins. @type {Map<string, Chart>} */
const scoreCharts = new Map();

/**
 * @param {HTMLElement} element
 * @param {Level} level
 * @param {string} text
 */
export function showState(element, level, text) {
  element.dataset.level = level;
  const span = /** @type {HTMLElement} */ (element.querySelector("span"));
  if (span.textContent !== text) span.textContent = text;
}

/**
 * @param {string} id
 * @param {string} text a number, a blank and a unit
 * @param {boolean} isBad
 */
function showFigure(id, text, isBad = false) {
  const [number, unit = ""] = text.split(" ");
  find(id).replaceChildren(number, make("small", {}, unit));
  find(id).parentElement?.classList.toggle("bad", isBad);
}

/**
 * Shows a model.
 * @param {Json} model
 * @param {Json} status
 * @param {Columns} seconds its last seconds, by column
 */
export function showModel(
  { name, version, recent, pending, drift, trained, written },
  { limits, time, columns },
  seconds,
) {
  const refused = Object.values(recent.refused).reduce((sum, count) => sum + count, 0);
  showFigure("p50", formatMs(recent.p50));
  showFigure("p99", formatMs(recent.p99));
  showFigure("requests", `${formatCount(recent.requestsPerSecond)} /s`.replace(/ ([kM]) /, "$1 "));
  showFigure("rows", `${formatCount(recent.rowsPerSecond)} /s`.replace(/ ([kM]) /, "$1 "));
  showFigure("queue", String(pending));
  showFigure("refusals", formatCount(refused), refused > 0);
  find("refusals").title = Object.entries(recent.refused).map(([reason, count]) => `${reason}: ${count}`).join(", ");

  /** @param {string} name */
  const column = (name) => seconds[columns.indexOf(name)];
  const times = column("time");
  charts.latency.set([times, column("p50"), column("p99")]);
  charts.throughput.set([times, column("requests"), column("rows")]);
  charts.waiting.set([times, column("queue"), column("refused")]);
  charts.batches.set([batchLabels.map((_, i) => i), recent.batches.slice(0, batchLabels.length)]);
  charts.latency.describe(`Latency: median ${formatMs(recent.p50)}, 99th percentile ${formatMs(recent.p99)}`);
  charts.throughput.describe(`Throughput: ${formatCount(recent.requestsPerSecond)} requests a second`);
  charts.waiting.describe(`Queue: ${pending} requests wait; ${formatCount(refused)} were refused in the last minute`);
  const sizes = recent.batches.flatMap((/** @type {number} */ count, /** @type {number} */ k) =>
    count > 0 ? [`${count} of up to ${2 ** k} rows`] : []
  );
  charts.batches.describe(`Batches by size: ${sizes.join(", ") || "none"}`);

  showState(find("drift"), drift.level, DRIFT_WORDS[/** @type {Level} */ (drift.level)]);
  find("about").textContent = aboutDrift(drift, trained, written, limits, time);
  showScores(`${name} ${version}`, drift.scores);
  showFields(drift.fields);
}

/**
 * @param {Json} drift
 * @param {Json | null} trained
 * @param {number | null} written
 * @param {Json} limits
 * @param {number} time
 */
function aboutDrift(drift, trained, written, limits, time) {
  const served = `${formatCount(drift.rows)} rows of the last ${formatSpan(limits.windowMs / 1000)}`;
  if (!trained) return `${served}. The model's file has no statistics of training to compare them with.`;
  const age = written === null ? "" : `, saved ${formatSpan(time - written)} ago`;
  const few = drift.rows < limits.minRows ? ` Nothing is said of fewer than ${formatCount(limits.minRows)} rows.` : "";
  return `${served}, against ${formatCount(trained.rows)} rows of training${age}. Red from PSI ${limits.psi}.${few}`;
}

/**
 * @param {string} model
 * @param {Json[]} scores
 */
function showScores(model, scores) {
  const wanted = scores.map(({ task, edges }) => `${model} ${task} ${edges}`);
  if (wanted.join("\n") !== [...scoreCharts.keys()].join("\n")) {
    scoreCharts.clear();
    find("scores").replaceChildren(...scores.map(({ task, edges }, i) => {
      const card = make(
        "article",
        { class: "card", "data-task": task },
        make("div", { class: "head" }, make("h2", {}, `Scores of ${task}`), make("b")),
        make("p", { class: "keys" }),
        make("div", { class: "chart" }),
        make(
          "p",
          { class: "muted caption" },
          "Score from which each bin goes; the bins hold a tenth of training each.",
        ),
      );
      const lines = [
        { label: "training", color: "trained", format: formatShare, bars: -1 },
        { label: "served", color: "level", format: formatShare, bars: 1 },
      ];
      const labels = [0, ...edges].map((edge) => Number(edge.toPrecision(2)).toString());
      card.dataset.level = "unknown";
      const chart = new Chart(card, lines, { labels: () => labels, share: true });
      scoreCharts.set(wanted[i], chart);
      return card;
    }));
  }
  scores.forEach(({ task, counts, trained, psi, level }, i) => {
    const chart = /** @type {Chart} */ (scoreCharts.get(wanted[i]));
    chart.card.dataset.level = level;
    const figure = /** @type {HTMLElement} */ (chart.card.querySelector(".head b"));
    const word = DRIFT_WORDS[/** @type {Level} */ (level)];
    figure.textContent = psi === null ? word : `PSI ${formatPsi(psi)} · ${word}`;
    chart.set([
      counts.map((/** @type {any} */ _, /** @type {number} */ k) => k),
      sharesOf(trained, counts.length),
      sharesOf(counts),
    ]);
    chart.describe(`Scores of ${task}: population stability index ${formatPsi(psi)}, drift ${word.toLowerCase()}`);
  });
}

/**
 * @param {number[]} counts
 * @param {number} length
 */
function sharesOf(counts, length = counts.length) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return Array.from({ length }, (_, k) => total > 0 ? counts[k] / total : null);
}

/** @param {Json[]} fields */
function showFields(fields) {
  const order = { red: 0, amber: 1, green: 2, unknown: 3 };
  const sorted = fields.toSorted((a, b) =>
    order[/** @type {Level} */ (a.level)] - order[/** @type {Level} */ (b.level)] || (b.psi ?? -1) - (a.psi ?? -1)
  );
  find("fields").replaceChildren(...sorted.map((field) => {
    const { name, level, psi, unseen, missing, trainedUnseen, trainedMissing, count } = field;
    /** @param {number | null} share @param {number | null} trained */
    const shares = (share, trained) =>
      make(
        "td",
        { class: "number" },
        formatShare(share),
        ...trained === null ? [] : [make("small", {}, ` / ${formatShare(trained)}`)],
      );
    return make(
      "tr",
      { title: `${formatCount(count)} values; shares are served / training` },
      make("th", { scope: "row", title: name }, name),
      make("td", { class: "level", "data-level": level }, make("i"), DRIFT_WORDS[/** @type {Level} */ (level)]),
      make("td", { class: "number" }, formatPsi(psi)),
      shares(unseen, trainedUnseen),
      shares(missing, trainedMissing),
    );
  }));
}

/** Draws all charts anew, as after a change of colors. */
export function redraw() {
  for (const chart of [...Object.values(charts), ...scoreCharts.values()]) chart.redraw();
}
