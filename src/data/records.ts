/**
 * Records of delimited text with the lines that they start on.
 *
 * A record is the fewest lines that hold an even count of quotes together, which is where the quoting of RFC 4180 ends
 * records. Records with quotes go to the standard library's parser; those without are their parts between delimiters,
 * which needs no parser and is several times faster. Cutting first keeps line numbers right in front of a parser that
 * counts records, and lets reading go on behind a line whose quotes are wrong.
 *
 * @module
 */
import { CsvParseStream } from "../std.ts";
import type { LineBlock } from "./source.ts";

/** A record, or a line that is none. */
export interface TextRecord {
  /** Number of its first line, counted from 1. */
  readonly line: number;
  /** Texts of its cells; absent when the quotes are wrong. */
  cells?: string[];
  /** What is wrong with the quotes. */
  wrong?: string;
}

/** How text is cut into records and cells. */
export interface RecordFormat {
  /** Character between cells. */
  delimiter: string;
  /** Whether `"` encloses cells; otherwise it is a character like others. */
  quotes: boolean;
  /** Whether blanks may stand around a quoted cell, and make no record on a line of their own. */
  trim: boolean;
}

// A quoted cell that goes on for longer is taken for a quote that was never closed.
const LONGEST_RECORD = 1 << 20;

const LONGEST_SHOWN = 60;

interface Quoted {
  at: number;
  first: number;
  text: string;
}

/** Cuts blocks of lines into blocks of records. Blank lines between records are left out. */
export async function* readRecords(
  blocks: AsyncIterable<LineBlock>,
  format: RecordFormat,
): AsyncGenerator<TextRecord[]> {
  let rest: string[] = [];
  let next = 1;
  for await (const { line, lines } of blocks) {
    next = line + lines.length;
    const block = { line: line - rest.length, lines: rest.length === 0 ? lines : rest.concat(lines) };
    const cut = await cutBlock(block, format, false);
    rest = block.lines.slice(cut.end);
    if (cut.records.length > 0) yield cut.records;
  }
  if (rest.length > 0) yield (await cutBlock({ line: next - rest.length, lines: rest }, format, true)).records;
}

/** Returns the records that end in a block, and the position of the first line that is in none of them. */
export async function cutBlock(
  block: LineBlock,
  format: RecordFormat,
  last: boolean,
): Promise<{ records: TextRecord[]; end: number }> {
  const records: TextRecord[] = [];
  let end = 0;
  for (;;) {
    const quoted: Quoted[] = [];
    end = scanLines(block, end, format, last, records, quoted);
    const bad = await fillCells(quoted, records, format);
    if (bad === undefined) return { records, end };
    // What looked like further lines of the record may be good records: go on with the next line.
    records.length = bad.at + 1;
    end = bad.first + 1;
  }
}

/** Appends the records from line position `start` on; those with quotes still without cells, and listed in `quoted`. */
function scanLines(
  { line, lines }: LineBlock,
  start: number,
  { delimiter, quotes, trim }: RecordFormat,
  last: boolean,
  records: TextRecord[],
  quoted: Quoted[],
): number {
  let i = start;
  while (i < lines.length) {
    const text = lines[i];
    if (text === "" || (trim && text.trim() === "" && !text.includes(delimiter))) {
      i++;
    } else if (!quotes || !text.includes('"')) {
      records.push({ line: line + i, cells: text.split(delimiter) });
      i++;
    } else {
      const end = findRecordEnd(lines, i);
      if (end === undefined && !last) return i;
      if (typeof end === "number") {
        quoted.push({ at: records.length, first: i, text: lines.slice(i, end).join("\n") });
        records.push({ line: line + i });
        i = end;
      } else {
        records.push({ line: line + i, wrong: describeQuotes(text) });
        i++;
      }
    }
  }
  return i;
}

/** Returns the position behind the record, `"too long"`, or nothing when it goes on behind the last line. */
function findRecordEnd(lines: readonly string[], start: number): number | "too long" | undefined {
  let odd = false;
  let length = 0;
  for (let i = start; i < lines.length; i++) {
    for (let at = lines[i].indexOf('"'); at >= 0; at = lines[i].indexOf('"', at + 1)) odd = !odd;
    if (!odd) return i + 1;
    length += lines[i].length + 1;
    if (length > LONGEST_RECORD) return "too long";
  }
  return undefined;
}

/** Parses the quoted records into their places; returns the first that has wrong quotes, marked as such. */
async function fillCells(
  quoted: Quoted[],
  records: TextRecord[],
  { delimiter, trim }: RecordFormat,
): Promise<Quoted | undefined> {
  if (quoted.length === 0) return undefined;
  const bare = trim ? createTrimmer(delimiter) : (text: string) => text;
  const text = quoted.map((record) => bare(record.text)).join("\n");
  const parsed = ReadableStream.from([text]).pipeThrough(
    new CsvParseStream({ separator: delimiter }),
  ).getReader();
  for (const record of quoted) {
    try {
      records[record.at].cells = (await parsed.read()).value;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      records[record.at].wrong = describeQuotes(record.text);
      return record;
    }
  }
  return undefined;
}

/** Makes a function that removes blanks around quoted cells of a record; a blank that delimits cells is none. */
function createTrimmer(delimiter: string): (record: string) => string {
  const between = delimiter.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const blanks = `(?:(?!${between})[^\\S\\r\\n])*`;
  const cell = new RegExp(`(^|${between})${blanks}("[^"]*(?:""[^"]*)*")${blanks}(?=${between}|$)`, "g");
  return (record) => record.replace(cell, "$1$2");
}

function describeQuotes(text: string): string {
  const shown = text.length > LONGEST_SHOWN
    ? `${JSON.stringify(text.slice(0, LONGEST_SHOWN))}...`
    : JSON.stringify(text);
  return `expected quotes around whole fields, closed and doubled within, received ${shown}`;
}
