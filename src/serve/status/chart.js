// Charts of the status page.
import { formatShare, make } from "./format.js";

/** @typedef {{ label: string, color: string, format: (value: number) => string, bars?: number, isRight?: boolean }} Line */
/** @typedef {(number | null)[][]} Columns */

/** Seconds that the charts show. */
export const SHOWN = 300;

/**
 * The chart library, which has a global name in a page.
 * @type {any}
 */
const uPlot = Reflect.get(globalThis, "uPlot");

/** @param {string} name */
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const AXIS = { stroke: () => color("muted"), font: "11px system-ui, sans-serif", ticks: { show: false } };
const GRID = { stroke: () => color("grid"), width: 1 };
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/**
 * The last seconds.
 * @param {unknown} _
 * @param {number} __
 * @param {number} last
 */
function lately(_, __, last) {
  return [last - SHOWN, last];
}

/**
 * Whole powers of ten around all values.
 * @param {unknown} _
 * @param {number | null} least
 * @param {number | null} most
 */
function decades(_, least, most) {
  const first = Math.floor(Math.log10(least || 1));
  return [10 ** first, 10 ** Math.max(first + 1, Math.ceil(Math.log10(most || 10)))];
}

/**
 * The powers of ten from `least` to `most`.
 * @param {unknown} _
 * @param {number} __
 * @param {number} least
 * @param {number} most
 */
function powers(_, __, least, most) {
  const first = Math.round(Math.log10(least));
  return Array.from({ length: Math.round(Math.log10(most)) - first + 1 }, (_, k) => 10 ** (first + k));
}

/** A chart in a card: its canvas, and keys that tell the last values, or those under the cursor. */
export class Chart {
  /**
   * @param {HTMLElement} card
   * @param {Line[]} lines
   * @param {{ labels?: () => string[], share?: boolean, isLog?: boolean }} kind labels of categories, for a chart of bars
   */
  constructor(card, lines, { labels, share = false, isLog = false } = {}) {
    this.card = card;
    this.lines = lines;
    this.labels = labels;
    this.share = share;
    this.isLog = isLog;
    /** @type {Columns} */
    this.columns = [[], ...lines.map(() => [])];
    this.keys = lines.map(({ label, color: name }) => {
      const value = make("b", {}, "–");
      card.querySelector(".keys")?.append(make("span", { class: `key-${name}` }, `${label} `, value));
      return value;
    });
    this.place = /** @type {HTMLElement} */ (card.querySelector(".chart"));
    this.place.setAttribute("role", "img");
    /** @type {any} */
    this.plot = undefined;
    new ResizeObserver(() => this.fit()).observe(this.place);
  }

  fit() {
    const { clientWidth: width, clientHeight: height } = this.place;
    if (width === 0) return;
    if (this.plot) this.plot.setSize({ width, height });
    else this.plot = new uPlot(this.options(width, height), this.columns, this.place);
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  options(width, height) {
    const { labels, lines, isLog } = this;
    const right = lines.find(({ isRight }) => isRight);
    const y = isLog ? { distr: 3, range: decades } : { range: this.range.bind(this) };
    return {
      width,
      height,
      legend: { show: false },
      cursor: { y: false, points: { show: !labels }, drag: { x: false, y: false } },
      padding: [10, right ? 0 : 14, 0, 0],
      scales: {
        x: labels ? { time: false, range: () => [-0.6, this.columns[0].length - 0.4] } : { range: lately },
        y,
        right: y,
      },
      axes: [
        this.bottomAxis(),
        this.sideAxis("y", this.share ? formatShare : lines[0].format),
        ...right ? [{ ...this.sideAxis("right", right.format), side: 1, grid: { show: false } }] : [],
      ],
      series: [{}, ...lines.map((line) => this.series(line))],
      hooks: { setCursor: [() => this.tell()] },
    };
  }

  bottomAxis() {
    const { labels } = this;
    const shared = { ...AXIS, size: 22 };
    /** @param {unknown} _ @param {number[]} places */
    const names = (_, places) => places.map((place) => labels?.()[place] ?? "");
    /** @param {unknown} _ @param {number[]} times */
    const clock = (_, times) => times.map((time) => CLOCK.format(1000 * time));
    return labels
      ? { ...shared, grid: { show: false }, space: 34, incrs: [1, 2, 5, 10], values: names }
      : { ...shared, grid: GRID, space: 70, incrs: [60, 120, 300], values: clock };
  }

  /**
   * @param {string} scale
   * @param {(value: number) => string} format
   */
  sideAxis(scale, format) {
    /** @param {unknown} _ @param {(number | null)[]} values */
    const values = (_, values) => values.map((value) => value === null ? "" : format(value));
    return { ...AXIS, scale, grid: GRID, size: 58, space: 30, values, ...this.isLog && { splits: powers } };
  }

  /**
   * From 0 to a little more than the largest value, of which there need be none.
   * @param {unknown} _
   * @param {number} __
   * @param {number | null} most
   */
  range(_, __, most) {
    return [0, 1.12 * Math.max(most ?? 0, this.share ? 0.02 : 1)];
  }

  /** @param {Line} line */
  series({ color: name, bars, isRight }) {
    const shade = () => name === "level" ? getComputedStyle(this.card).getPropertyValue("--level").trim() : color(name);
    const scale = isRight ? "right" : "y";
    if (bars === undefined) {
      // A second between two idle ones has no line to show it.
      return {
        scale,
        stroke: shade,
        fill: () => `${shade()}18`,
        width: 1.6,
        points: { size: 3, width: 0, fill: shade },
      };
    }
    const paths = uPlot.paths.bars({ size: [bars === 0 ? 0.7 : 0.38], align: bars, radius: 0.12 });
    return { scale, stroke: shade, fill: shade, width: 0, paths, points: { show: false } };
  }

  /** @param {Columns} columns */
  set(columns) {
    this.columns = columns;
    this.plot?.setData(columns);
    this.fit();
    this.tell();
  }

  /** Writes the values under the cursor, else the last ones, into the keys. */
  tell() {
    const { columns, labels, lines } = this;
    const at = this.plot?.cursor.idx ?? (labels ? null : columns[0].length - 1);
    this.keys.forEach((key, i) => {
      const value = at === null ? undefined : columns[i + 1][at];
      const where = labels && at !== null ? ` at ${labels()[at]}` : "";
      key.textContent = value === undefined || value === null ? (labels ? "" : "–") : lines[i].format(value) + where;
    });
  }

  /** @param {string} text what the chart shows, for those who do not see it */
  describe(text) {
    this.place.setAttribute("aria-label", text);
  }

  redraw() {
    this.plot?.redraw(false, true);
  }
}
