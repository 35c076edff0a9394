/**
 * HTML whose texts are escaped wherever they come from.
 *
 * @module
 */

/** HTML that is safe to put into a page. */
export class Markup {
  /** The text. */
  readonly text: string;

  /** Takes text that is HTML; anything else goes through {@linkcode markup}. */
  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: HTML as it is, lists of it, texts and numbers to escape, and nothing. */
export type Part = Markup | string | number | undefined | false | readonly Part[];

/**
 * Fills a template. Texts and numbers are escaped for elements and quoted attributes.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(markup`<b title="${'"'}">${"<i>"}</b>`.text, '<b title="&quot;">&lt;i&gt;</b>');
 * ```
 */
export function markup(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(texts.reduce((all, text, i) => all + textOf(parts[i - 1]) + text));
}

function textOf(part: Part): string {
  if (part === undefined || part === false) return "";
  if (part instanceof Markup) return part.text;
  return Array.isArray(part) ? part.map(textOf).join("") : escapeText(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes text for elements and quoted attributes. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}
