/**
 * Sections of the page and the cards in them.
 *
 * @module
 */
import type { ChartOptions, Drawing } from "./drawing.ts";
import { Markup, markup, type Part } from "./markup.ts";

/** A section of the page. */
export interface Section {
  /** Name in addresses. */
  readonly id: string;
  /** Heading. */
  readonly title: string;
  /** What it holds. */
  readonly body: Part;
}

/** A chart in a card. */
export interface ChartCard {
  /** Heading. */
  readonly title: string;
  /** What to look for, in a sentence. */
  readonly look: string;
  /** Names of lines and dots with their colors, where there are several. */
  readonly keys?: readonly (readonly [label: string, color: "accent" | "second" | "trained"])[];
  /** The charts, one below the other. */
  readonly charts: readonly ChartOptions[];
  /** Whether the card takes the whole width, and scrolls where that is not enough. */
  readonly isWide?: boolean;
  /** What stands below the charts. */
  readonly note?: Part;
}

/** Draws a card. */
export function chartCard(drawing: Drawing, { title, look, keys = [], charts, isWide, note }: ChartCard): Markup {
  const drawn = charts.map((options) => drawing.svg(options, `${title}. ${look}`));
  return markup`<figure class="card${isWide ? " wide" : ""}">
<figcaption><h3>${title}</h3><p class="muted look">${look}</p></figcaption>
${
    keys.length > 0 &&
    markup`<p class="keys">${keys.map(([label, color]) => markup`<span class="key-${color}">${label}</span>`)}</p>`
  }
<div class="drawn"${isWide ? new Markup(` tabindex="0"`) : undefined}>${drawn}</div>
${note && markup`<p class="muted caption">${note}</p>`}
</figure>
`;
}

/** A column of a table. */
export interface Column {
  /** Heading. */
  readonly title: string;
  /** Whether cells are numbers, which stand on the right. */
  readonly isNumber?: boolean;
}

/** Writes a table in a card that scrolls within itself. */
export function tableCard(
  title: string,
  look: string,
  columns: readonly Column[],
  rows: readonly (readonly Part[])[],
): Markup {
  const kind = ({ isNumber }: Column): Part => isNumber && new Markup(` class="number"`);
  return markup`<div class="card wide">
<h3>${title}</h3><p class="muted look">${look}</p>
<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table>
<thead><tr>${columns.map((column) => markup`<th scope="col"${kind(column)}>${column.title}</th>`)}</tr></thead>
<tbody>
${
    rows.map(([name, ...cells]) =>
      markup`<tr><th scope="row">${name}</th>${
        cells.map((cell, i) => markup`<td${kind(columns[i + 1])}>${cell}</td>`)
      }</tr>
`
    )
  }</tbody></table></div></div>
`;
}

/** Puts cards beside each other, as many as there is room for. */
export function cards(...parts: readonly Part[]): Markup {
  return markup`<div class="cards">${parts}</div>
`;
}

/** Says why something is not there. */
export function absent(why: string): Markup {
  return markup`<p class="card muted">${why}</p>
`;
}
