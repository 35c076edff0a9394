/**
 * Drawing charts as SVG without a browser.
 *
 * @module
 */
import type * as PlotLibrary from "npm:@observablehq/plot@0.6.17";
import { loadPackage } from "../../data/packages.ts";
import { Markup, markup } from "./markup.ts";

/** The library that draws. */
export type Plot = typeof PlotLibrary;

/** A chart as the library takes it. */
export type ChartOptions = PlotLibrary.PlotOptions;

/** Draws charts. */
const PLOT = "npm:@observablehq/plot@0.6.17";

/** Holds what is drawn. */
const LINKEDOM = "npm:linkedom@0.18.15";

/** As much of a drawing's elements and texts as is used here. */
interface DrawnNode {
  readonly nodeName: string;
  readonly attributes?: Iterable<{ readonly name: string; readonly value: string }>;
  readonly childNodes: Iterable<DrawnNode>;
  readonly textContent: string | null;
}

/** What the library that holds drawings exports. */
interface Linkedom {
  parseHTML(text: string): { readonly document: unknown };
}

/** Width of a chart; a card of a phone is about as wide, so that letters keep their size. */
export const CHART_WIDTH = 360;

/** Attributes whose numbers are places. */
const PLACES = /^(d|transform|points|c?[xy][12]?|width|height|r)$/;

/** Draws charts of one look. */
export class Drawing {
  /** The library, for charts to make their marks with. */
  readonly plot: Plot;
  readonly #document: unknown;

  private constructor(plot: Plot, document: unknown) {
    this.plot = plot;
    this.#document = document;
  }

  /**
   * Loads the library, at the first use from the registry.
   *
   * @throws {Error} when it cannot be loaded
   */
  static async open(): Promise<Drawing> {
    const plot = await loadPackage<Plot>(PLOT, "Cannot draw charts");
    const { parseHTML } = await loadPackage<Linkedom>(LINKEDOM, "Cannot draw charts");
    return new Drawing(plot, parseHTML("<!doctype html><html><body></body></html>").document);
  }

  /**
   * Draws a chart.
   *
   * @param options the chart
   * @param label what it shows, for those who do not see it
   */
  svg(options: ChartOptions, label: string): Markup {
    const drawn = this.plot.plot({
      width: CHART_WIDTH,
      height: 240,
      marginLeft: 46,
      marginBottom: 38,
      ...options,
      className: "plot",
      ariaLabel: label,
      document: this.#document as never,
    }) as unknown as DrawnNode;
    return serialize(drawn);
  }
}

/** Writes an element or text as HTML; all that can come from data is escaped here. */
function serialize({ nodeName, attributes, childNodes, textContent }: DrawnNode): Markup {
  if (!attributes) return markup`${textContent ?? ""}`;
  const name = nodeName.toLowerCase();
  // The page has the rules for all charts.
  if (name === "style") return markup``;
  const written = Array.from(
    attributes,
    ({ name, value }) => markup` ${name}="${PLACES.test(name) ? rounded(value) : value}"`,
  );
  const role = name === "svg" && markup` role="img"`;
  const tag = new Markup(name);
  return markup`<${tag}${role}${written}>${Array.from(childNodes, serialize)}</${tag}>`;
}

/** Writes places with two digits: more are no pixels, and only make the page large. */
function rounded(places: string): string {
  return places.replace(/-?\d*\.\d{3,}(e-?\d+)?/g, (number) => String(+Number(number).toFixed(2)));
}
