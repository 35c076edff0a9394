/**
 * Values in the texts of errors.
 *
 * @module
 */

const LONGEST_TEXT = 80;

/** Writes any value for an error. It never throws, which `JSON.stringify` does for a BigInt and for a circular object. */
export function formatValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return formatText(value);
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  try {
    return shorten(JSON.stringify(value, (_, part) => typeof part === "bigint" ? `${part}n` : part));
  } catch {
    return Array.isArray(value) ? "a list" : "an object";
  }
}

/** Writes a text in quotes, the beginning of it where it is long. */
export function formatText(text: string): string {
  return text.length > LONGEST_TEXT ? `${JSON.stringify(text.slice(0, LONGEST_TEXT))}...` : JSON.stringify(text);
}

/** Writes a list of names in quotes, as many as an error can show. */
export function formatNames(names: readonly string[], most = 20): string {
  const more = names.length > most ? ` and ${names.length - most} more` : "";
  return `${names.slice(0, most).map((name) => `"${name}"`).join(", ")}${more}`;
}

function shorten(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}...` : text;
}
