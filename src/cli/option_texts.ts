/**
 * Values of files as the command line takes them.
 *
 * @module
 */

/** Puts quotes around a text that holds commas or quotes, as lists of the command line need them. */
export function quoteInList(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Writes options that one option holds: as JSON for `model-options`, else as a list such as `momentum=0.9,nesterov=true`. */
export function formatHeld(holder: string, options: object): string {
  if (holder === "model-options") return JSON.stringify(options);
  return Object.entries(options).map(([name, value]) => `${name}=${value}`).join(",");
}
