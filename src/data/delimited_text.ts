/**
 * Delimited text on its way to cells: by bytes where it is UTF-8 and has no quotes, as records elsewhere.
 *
 * @module
 */
import type { CellBlock } from "./cell_blocks.ts";
import type { ReadCsvOptions } from "./csv_options.ts";
import { Cutting } from "./cutting/cutting.ts";
import { cutBlock, readRecords, type RecordFormat, type TextRecord } from "./records.ts";
import {
  type ByteBlock,
  createDecoder,
  type LineBlock,
  nameSource,
  readLineBytes,
  readLines,
  type Source,
} from "./source.ts";

/** Blocks that are handed to a thread that cuts before the rows of the first of them are stored. */
const AHEAD = 4;

/** Opened text. */
export interface DelimitedText {
  /** Returns the first record, which stays in the text; nothing where there is none. */
  open(): Promise<TextRecord | undefined>;
  /** Cuts the text into records, without the first one when `skip` says so. */
  records(skip: boolean): AsyncIterable<TextRecord[]>;
  /**
   * Cuts the text into blocks of `width` columns, those at the positions that are wanted, with records between them for
   * lines with quotes or another number of cells; absent where the text has to be cut into records.
   */
  blocks?(skip: boolean, width: number, wanted: ReadonlySet<number>): AsyncIterable<TextRecord[] | CellBlock>;
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

/** Text in UTF-8 between one-byte delimiters. */
class Utf8Text implements DelimitedText {
  readonly #source: Source;
  readonly #format: RecordFormat;
  readonly #blocks: AsyncGenerator<ByteBlock, void>;
  /** The first records, where they had to be cut as text. */
  #first: TextRecord[] = [];
  /** The first block without quotes, from its first line with text on. */
  #pending: ByteBlock | undefined;
  /** Lines of a record that goes on in the next block. */
  #rest: string[] = [];
  #nextLine = 1;

  constructor(source: Source, format: RecordFormat) {
    this.#source = source;
    this.#format = format;
    this.#blocks = readLineBytes(source);
  }

  async open(): Promise<TextRecord | undefined> {
    for (;;) {
      const { value: block } = await this.#blocks.next();
      if (!block) this.#first = await this.#cutRest();
      else {
        settleDelimiter(this.#format, this.#source, linesOf(block));
        if (this.#hasQuotes(block)) this.#first = await this.#cutRecords(block);
        else this.#pending = skipBlank(block);
      }
      if (this.#pending) {
        const [text] = linesOf(this.#pending);
        return { line: this.#pending.line, cells: text.split(this.#format.delimiter) };
      }
      if (!block || this.#first.length > 0) return this.#first[0];
    }
  }

  async *records(skip: boolean): AsyncGenerator<TextRecord[]> {
    yield skip ? this.#first.slice(1) : this.#first;
    for await (const block of this.#others(skip)) yield await this.#cutRecords(block);
    yield await this.#cutRest();
  }

  async *blocks(
    skip: boolean,
    width: number,
    wanted: ReadonlySet<number>,
  ): AsyncGenerator<TextRecord[] | CellBlock> {
    yield skip ? this.#first.slice(1) : this.#first;
    using cutting = new Cutting({ width, delimiter: this.#format.delimiter, wanted });
    const ahead: (() => Promise<Iterable<TextRecord[] | CellBlock>>)[] = [];
    for await (const block of this.#others(skip)) {
      if (this.#hasQuotes(block)) {
        const records = await this.#cutRecords(block);
        ahead.push(() => Promise.resolve([records]));
      } else {
        const cut = cutting.cut(block);
        ahead.push(async () => Iterator.from(await cut()).map((part) => "cells" in part ? [part] : part));
      }
      while (ahead.length > (cutting.isBeside ? AHEAD : 0)) yield* await ahead.shift()!();
    }
    for (const parts of ahead) yield* await parts();
    yield await this.#cutRest();
  }

  async close(): Promise<void> {
    await this.#blocks.return();
  }

  /** Returns the blocks that are not cut yet, the first one without its first line when `skip` says so. */
  async *#others(skip: boolean): AsyncGenerator<ByteBlock> {
    if (this.#pending) yield skip ? skipLine(this.#pending) : this.#pending;
    yield* this.#blocks;
  }

  /** Whether a block has to be cut as text: it has quotes, or begins within a record with quotes. */
  #hasQuotes({ text }: ByteBlock): boolean {
    return this.#rest.length > 0 || (this.#format.quotes && text.includes('"'));
  }

  async #cutRecords(block: ByteBlock): Promise<TextRecord[]> {
    const lines = linesOf(block);
    this.#nextLine = block.line + lines.length;
    const whole = {
      line: block.line - this.#rest.length,
      lines: this.#rest.length === 0 ? lines : this.#rest.concat(lines),
    };
    const { records, end } = await cutBlock(whole, this.#format, false);
    this.#rest = whole.lines.slice(end);
    return records;
  }

  /** Returns the records of the last lines, which no quote ends. */
  async #cutRest(): Promise<TextRecord[]> {
    const lines = this.#rest;
    this.#rest = [];
    if (lines.length === 0) return [];
    return (await cutBlock({ line: this.#nextLine - lines.length, lines }, this.#format, true)).records;
  }
}

/** Returns the lines of a block without what ends them. */
function linesOf({ text }: ByteBlock): string[] {
  const lines = text.split("\n");
  // Each line of a block has its end.
  lines.length--;
  for (let i = 0; i < lines.length; i++) {
    if (lines[i].charCodeAt(lines[i].length - 1) === 13) lines[i] = lines[i].slice(0, -1);
  }
  return lines;
}

/** Returns a block from its first line with text on; nothing where it has none. */
function skipBlank(block: ByteBlock): ByteBlock | undefined {
  let left = block;
  while (/^\r?\n/.test(left.text)) left = skipLine(left);
  return left.text === "" ? undefined : left;
}

function skipLine({ line, bytes, text }: ByteBlock): ByteBlock {
  return { line: line + 1, bytes: bytes.subarray(bytes.indexOf(10) + 1), text: text.slice(text.indexOf("\n") + 1) };
}
