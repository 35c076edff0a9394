/**
 * Plain tables.
 *
 * @module
 */

/** Writes a header and rows in columns, the first one left-aligned, the others right-aligned. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const align = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]);
  return lines.map((line) => line.map(align).join("  ").trimEnd()).join("\n");
}

/** Writes a count with separators between thousands. */
export function formatCount(count: number, noun?: string): string {
  const text = count.toLocaleString("en-US");
  return noun === undefined ? text : `${text} ${noun}${count === 1 ? "" : "s"}`;
}

/** Writes a share in [0, 1] as a percentage. */
export function formatShare(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** Writes a number of bytes with a binary unit. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
  let unit = 0;
  for (; bytes >= 1024 && unit < units.length - 1; unit++) bytes /= 1024;
  return `${Number(bytes.toFixed(1))} ${units[unit]}`;
}

/** Breaks text between words into lines of at most `width` characters, where its words are no longer. */
export function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.length - 1;
    if (lines[last] === "") lines[last] = word;
    else if (lines[last].length + 1 + word.length <= width) lines[last] += ` ${word}`;
    else lines.push(word);
  }
  return lines;
}
