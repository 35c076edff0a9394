/**
 * Text of files, addresses and uploads, line by line.
 *
 * @module
 */
import { openFile } from "../host/mod.ts";
import { describeEncoding, describeFormat, describeUndecodable, SNIFFED_BYTES } from "./formats.ts";
import { type Bytes, gunzip, peek } from "./gzip.ts";
import { LineBytes } from "./line_bytes.ts";

/** Bytes with a name, such as a `File` of a browser. */
export interface NamedStream {
  /** What errors call it. */
  readonly name: string;
  /** Opens the bytes from the start. */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** A path, a `file:` or `http(s):` address, or bytes with a name. */
export type Source = string | URL | NamedStream;

/** Lines that follow each other. */
export interface LineBlock {
  /** Number of the first line, counted from 1. */
  readonly line: number;
  /** The lines without what ends them, `\n` or `\r\n`. */
  readonly lines: string[];
}

/** Whole lines that follow each other, in UTF-8, each with the `\n` that ends it; or why there are no more. */
export type LinePart = { readonly bytes: Bytes } | {
  /** Returns what to throw, given the number of the line that reading got to. */
  readonly broken: (line: number) => SyntaxError;
};

// No file of rows has such lines; a file that has no line ends at all must not fill the memory.
const LONGEST_LINE = 1 << 24;

/** Returns what errors call a source. */
export function nameSource(source: Source): string {
  return typeof source === "string" || source instanceof URL ? String(source) : source.name;
}

/**
 * Makes a decoder of a text encoding.
 *
 * @throws {RangeError} when `TextDecoder` does not know the label
 */
export function createDecoder(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding, { fatal: true });
  } catch (error) {
    throw new RangeError(
      `Cannot read data: encoding must be a label of TextDecoder such as latin1, received "${encoding}"`,
      { cause: error },
    );
  }
}

/**
 * Reads the lines of a source in blocks, unpacking gzip wherever the bytes are gzip, whatever the name says.
 *
 * @param source what to read
 * @param encoding label of the text encoding, such as `utf-8` or `latin1`
 * @throws {SyntaxError} when the bytes are not gzip throughout, or not text in that encoding
 * @throws {RangeError} when the encoding is unknown
 * @throws {Error} when the source cannot be opened
 */
export async function* readLines(source: Source, encoding: string): AsyncGenerator<LineBlock, void> {
  const name = nameSource(source);
  const decoder = createDecoder(encoding);
  const reader = (await openText(source, name, decoder.encoding)).getReader();
  let line = 1;
  let rest = "";
  try {
    for (let done = false; !done;) {
      const chunk = await attempt(name, line, () => reader.read(), messageOf);
      done = chunk.done;
      const decode = () => done ? decoder.decode() : decoder.decode(chunk.value, { stream: true });
      const text = await attempt(name, line, decode, () => describeUndecodable(decoder.encoding));
      const lines = text.split("\n");
      lines[0] = rest + lines[0];
      rest = done ? "" : lines.pop()!;
      if (rest.length > LONGEST_LINE) {
        throw new SyntaxError(`Cannot read "${name}" line ${line + lines.length}: line is longer than ${LONGEST_LINE}`);
      }
      if (done && lines[0] === "") return;
      for (let i = 0; i < lines.length; i++) {
        if (lines[i].charCodeAt(lines[i].length - 1) === 13) lines[i] = lines[i].slice(0, -1);
      }
      if (lines.length > 0) yield { line, lines };
      line += lines.length;
    }
  } finally {
    // A cancel of a stream that already failed fails again with the error under way.
    await reader.cancel().catch(() => {});
  }
}

/**
 * Reads the lines of a source in UTF-8 as {@linkcode readLines} does, as bytes that are not decoded yet. Bytes that are not
 * gzip throughout, and a line that is too long, are what comes last.
 *
 * @throws {SyntaxError} when the first bytes are those of no text
 * @throws {Error} when the source cannot be opened
 */
export async function* readLineBytes(source: Source): AsyncGenerator<LinePart, void> {
  const name = nameSource(source);
  const reader = (await openText(source, name, "utf-8")).getReader();
  const gathered = new LineBytes();
  try {
    for (let done = false; !done;) {
      let chunk: ReadableStreamReadResult<Bytes>;
      try {
        chunk = await reader.read();
      } catch (error) {
        return yield { broken: (line) => brokenAfter(name, line, messageOf(error), error) };
      }
      done = chunk.done;
      const bytes = done ? gathered.end() : gathered.add(chunk.value!);
      if (gathered.open > LONGEST_LINE) {
        const tooLong = (line: number) => `Cannot read "${name}" line ${line}: line is longer than ${LONGEST_LINE}`;
        return yield { broken: (line) => new SyntaxError(tooLong(line)) };
      }
      if (bytes !== undefined) yield { bytes };
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/**
 * Decodes lines of a source in UTF-8.
 *
 * @param line number of the first
 * @throws {SyntaxError} when they are not UTF-8
 */
export function decodeLines(source: Source, line: number, bytes: Uint8Array): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw brokenAfter(nameSource(source), line, describeUndecodable(decoder.encoding), error);
  }
}

/** Opens a source as unpacked text, and refuses what is known to be none by its first bytes. */
async function openText(source: Source, name: string, encoding: string): Promise<ReadableStream<Bytes>> {
  const bytes = await attempt(name, 0, async () => await gunzip(await openRaw(source)), messageOf);
  const { head, whole } = await attempt(name, 1, () => peek(bytes, SNIFFED_BYTES), messageOf);
  const wrong = describeFormat(head) ?? describeEncoding(head, encoding);
  if (wrong === undefined) return whole;
  await whole.cancel();
  throw new SyntaxError(`Cannot read "${name}": ${wrong}`);
}

/** Opens the bytes of a source as they are. */
export async function openRaw(source: Source): Promise<ReadableStream<Bytes>> {
  if (typeof source !== "string" && !(source instanceof URL)) return source.stream();
  const address = String(source);
  if (/^file:/i.test(address)) return await openFile(new URL(address));
  if (!/^https?:/i.test(address)) return await openFile(source);
  const response = await fetch(source);
  if (response.ok && response.body) return response.body;
  await response.body?.cancel();
  throw new Error(`server answered ${response.status} ${response.statusText}`);
}

/** Runs a step of reading; an error of it names the file, and the line before unless nothing was read yet. */
async function attempt<T>(
  name: string,
  line: number,
  body: () => T | Promise<T>,
  describe: (error: unknown) => string,
): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (line === 0) throw new Error(`Cannot read "${name}": ${describe(error)}`, { cause: error });
    throw brokenAfter(name, line, describe(error), error);
  }
}

function brokenAfter(name: string, line: number, reason: string, cause: unknown): SyntaxError {
  return new SyntaxError(`Cannot read "${name}" after line ${line - 1}: ${reason}`, { cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
