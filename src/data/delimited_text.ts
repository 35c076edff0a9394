/**
 * Delimited text on its way to cells: by bytes where it is UTF-8 and has no quotes, as records elsewhere.
 *
 * @module
 */
import { type CellBlock, type CutLines, type CutSetup, sliceBlock } from "./cell_blocks.ts";
import type { ReadCsvOptions } from "./csv_options.ts";
import type { Cutters } from "./cutting/cutters.ts";
import { type BegunBlock, type CutBlock, Cutting } from "./cutting/cutting.ts";
import { cutBlock, readRecords, type RecordFormat, type TextRecord } from "./records.ts";
import {
  createDecoder,
  decodeLines,
  type LineBlock,
  type LinePart,
  nameSource,
  readLineBytes,
  readLines,
  type Source,
} from "./source.ts";

/** What is read of which columns. */
export type WantedColumns = Pick<CutSetup, "width" | "wanted" | "numbers">;

/** Opened text. */
export interface DelimitedText {
  /** Returns the first record, which stays in the text; nothing where there is none. */
  open(): Promise<TextRecord | undefined>;
  /** Cuts the text into records, without the first one when `skip` says so. */
  records(skip: boolean): AsyncIterable<TextRecord[]>;
  /**
   * Cuts the text into blocks of the columns that are wanted, with records between them for lines with quotes or another
   * number of cells; absent where the text has to be cut into records.
   *
   * @param cutters those of the reading that the text is part of
   */
  blocks?(skip: boolean, wanted: WantedColumns, cutters: Cutters): AsyncIterable<TextRecord[] | CellBlock>;
  /** Closes the source. */
  close(): Promise<void>;
}

/** Opens a source. The first line that is not blank decides on the delimiter. */
export function openText(source: Source, options: ReadCsvOptions): DelimitedText {
  const { delimiter = "", quotes = true, encoding = "utf-8", trim = false } = options;
  const format = { delimiter, quotes, trim };
  const isByte = delimiter.length <= 1 && !(delimiter > "\x7f");
  const isBytes = !trim && isByte && createDecoder(encoding).encoding === "utf-8";
  return isBytes ? new Utf8Text(source, format) : new DecodedText(source, format, encoding);
}

const DELIMITERS = [",", "\t", ";", "|"];

/** Chooses the delimiter by a line, unless the format has one. */
function settleDelimiter(format: RecordFormat, source: Source, lines: readonly string[]): void {
  const line = format.delimiter === "" ? lines.find((line) => line !== "") : undefined;
  if (line === undefined) return;
  if (/\.(tsv|tab)(\.gz)?$/i.test(nameSource(source))) {
    format.delimiter = "\t";
    return;
  }
  const bare = line.replace(/"[^"]*"?/g, "");
  const counts = DELIMITERS.map((delimiter) => bare.split(delimiter).length);
  format.delimiter = DELIMITERS[counts.indexOf(Math.max(...counts))];
}

/** Text of any encoding. */
class DecodedText implements DelimitedText {
  readonly #records: AsyncGenerator<TextRecord[]>;
  #first: TextRecord[] = [];

  constructor(source: Source, format: RecordFormat, encoding: string) {
    const lines = readLines(source, encoding);
    async function* watched(): AsyncGenerator<LineBlock> {
      for await (const block of lines) {
        settleDelimiter(format, source, block.lines);
        yield block;
      }
    }
    this.#records = readRecords(watched(), format);
  }

  async open(): Promise<TextRecord | undefined> {
    this.#first = (await this.#records.next()).value ?? [];
    return this.#first[0];
  }

  async *records(skip: boolean): AsyncGenerator<TextRecord[]> {
    yield skip ? this.#first.slice(1) : this.#first;
    yield* this.#records;
  }

  async close(): Promise<void> {
    await this.#records.return(undefined);
  }
}

/** Lines in UTF-8, as bytes and as text. */
interface Utf8Lines {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly text: string;
}

/** Text in UTF-8 between one-byte delimiters. */
class Utf8Text implements DelimitedText {
  readonly #source: Source;
  readonly #format: RecordFormat;
  readonly #parts: AsyncGenerator<LinePart, void>;
  /** The first records, where they had to be cut as text. */
  #first: TextRecord[] = [];
  /** The first block without quotes, from its first line with text on. */
  #pending: Utf8Lines | undefined;
  /** Lines of a record that goes on in the next block. */
  #rest: string[] = [];
  /** Number of the first line that is not cut yet, but for those of the rest. */
  #line = 1;

  constructor(source: Source, format: RecordFormat) {
    this.#source = source;
    this.#format = format;
    this.#parts = readLineBytes(source);
  }

  async open(): Promise<TextRecord | undefined> {
    for (;;) {
      const { value: part } = await this.#parts.next();
      if (!part) this.#first = await this.#cutRest();
      else await this.#begin(this.#bytesOf(part));
      if (this.#pending) {
        const [text] = linesOf(this.#pending.text);
        return { line: this.#line, cells: text.split(this.#format.delimiter) };
      }
      if (!part || this.#first.length > 0) return this.#first[0];
    }
  }

  async *records(skip: boolean): AsyncGenerator<TextRecord[]> {
    yield skip ? this.#first.slice(1) : this.#first;
    for await (const part of this.#others(skip)) yield await this.#cutRecords(this.#bytesOf(part));
    yield await this.#cutRest();
  }

  async *blocks(
    skip: boolean,
    wanted: WantedColumns,
    cutters: Cutters,
  ): AsyncGenerator<TextRecord[] | CellBlock> {
    yield skip ? this.#first.slice(1) : this.#first;
    const { delimiter, quotes } = this.#format;
    const cutting = new Cutting({ delimiter, quotes, ...wanted }, cutters);
    const ahead: BegunBlock[] = [];
    for await (const part of this.#others(skip)) {
      // What is wrong with the lines before is told before.
      ahead.push(
        "broken" in part
          ? { isReady: false, take: () => Promise.reject(part.broken(this.#line)) }
          : cutting.cut(part.bytes),
      );
      while (ahead.length > cutting.ahead || ahead[0]?.isReady) yield* await this.#takeFirst(ahead);
    }
    while (ahead.length > 0) yield* await this.#takeFirst(ahead);
    yield await this.#cutRest();
  }

  async close(): Promise<void> {
    await this.#parts.return();
  }

  /** Takes the first lines. */
  async #begin(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const text = decodeLines(this.#source, this.#line, bytes);
    settleDelimiter(this.#format, this.#source, linesOf(text));
    // A record with quotes may go on in this block.
    if (this.#rest.length > 0 || (this.#format.quotes && text.includes('"'))) {
      this.#first = await this.#cutRecords(bytes);
      return;
    }
    let left = { bytes, text };
    for (; /^\r?\n/.test(left.text); this.#line++) left = skipLine(left);
    if (left.text !== "") this.#pending = left;
  }

  #bytesOf(part: LinePart): Uint8Array<ArrayBuffer> {
    if ("broken" in part) throw part.broken(this.#line);
    return part.bytes;
  }

  /** Returns the lines that are not cut yet, without the first of them when `skip` says so. */
  async *#others(skip: boolean): AsyncGenerator<LinePart> {
    if (this.#pending) {
      if (skip) this.#line++;
      yield skip ? skipLine(this.#pending) : this.#pending;
    }
    yield* this.#parts;
  }

  /** Returns the rows of the first of the blocks that are being cut. */
  async #takeFirst(ahead: BegunBlock[]): Promise<(TextRecord[] | CellBlock)[]> {
    // Rather than wait, this thread cuts one of those that are left to it.
    if (!ahead[0].isReady) ahead.find((block) => block.cutHere?.());
    return await this.#take(await ahead.shift()!.take());
  }

  /** Returns the rows of the next block; as records, where it could not be cut, or begins within a record with quotes. */
  async #take({ bytes, cut }: CutBlock): Promise<(TextRecord[] | CellBlock)[]> {
    if (typeof cut === "string" || this.#rest.length > 0) return [await this.#cutRecords(bytes)];
    const firstLine = this.#line;
    this.#line += cut.count;
    return partsOf(cut, firstLine);
  }

  async #cutRecords(bytes: Uint8Array): Promise<TextRecord[]> {
    const lines = linesOf(decodeLines(this.#source, this.#line, bytes));
    const whole = {
      line: this.#line - this.#rest.length,
      lines: this.#rest.length === 0 ? lines : this.#rest.concat(lines),
    };
    this.#line += lines.length;
    const { records, end } = await cutBlock(whole, this.#format, false);
    this.#rest = whole.lines.slice(end);
    return records;
  }

  /** Returns the records of the last lines, which no quote ends. */
  async #cutRest(): Promise<TextRecord[]> {
    const lines = this.#rest;
    this.#rest = [];
    if (lines.length === 0) return [];
    return (await cutBlock({ line: this.#line - lines.length, lines }, this.#format, true)).records;
  }
}

/** Returns blocks of the rows between lines that are none, and these lines as records. */
function partsOf({ lines, columns, odd }: CutLines, firstLine: number): (TextRecord[] | CellBlock)[] {
  const parts: (TextRecord[] | CellBlock)[] = [];
  const all = { rows: lines.length, firstLine, lines, columns };
  let start = 0;
  const takeRows = (end: number) => {
    if (end > start) parts.push(sliceBlock(all, start, end));
    start = end;
  };
  for (const { line, row, cells } of odd) {
    takeRows(row);
    parts.push([{ line: firstLine + line, cells }]);
  }
  takeRows(lines.length);
  return parts;
}

/** Returns the lines of a text, each of which has its end, without what ends them. */
function linesOf(text: string): string[] {
  const lines = text.split("\n");
  lines.length--;
  for (let i = 0; i < lines.length; i++) {
    if (lines[i].charCodeAt(lines[i].length - 1) === 13) lines[i] = lines[i].slice(0, -1);
  }
  return lines;
}

function skipLine({ bytes, text }: Utf8Lines): Utf8Lines {
  return { bytes: bytes.subarray(bytes.indexOf(10) + 1), text: text.slice(text.indexOf("\n") + 1) };
}
