/**
 * Text of files, addresses and uploads, line by line.
 *
 * @module
 */

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

// No file of rows has such lines; a file that has no line ends at all must not fill the memory.
const LONGEST_LINE = 1 << 24;

/** Returns what errors call a source. */
export function nameSource(source: Source): string {
  return typeof source === "string" || source instanceof URL ? String(source) : source.name;
}

/**
 * Reads the lines of a source in blocks, unpacking gzip wherever the bytes are gzip, whatever the name says.
 *
 * @param source what to read
 * @param encoding label of the text encoding, such as `utf-8` or `latin1`
 * @throws {SyntaxError} when the bytes are not gzip throughout, or not text in that encoding
 * @throws {Error} when the source cannot be opened
 */
export async function* readLines(source: Source, encoding: string): AsyncGenerator<LineBlock, void> {
  const name = nameSource(source);
  const decoder = new TextDecoder(encoding, { fatal: true });
  const reader = (await openBytes(source, name)).getReader();
  let line = 1;
  let rest = "";
  try {
    for (let done = false; !done;) {
      const text = await attempt(name, line, async () => {
        const chunk = await reader.read();
        done = chunk.done;
        return done ? decoder.decode() : decoder.decode(chunk.value, { stream: true });
      });
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

async function openBytes(source: Source, name: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  try {
    return await gunzipIfPacked(await openRaw(source));
  } catch (error) {
    throw new Error(`Cannot read "${name}": ${messageOf(error)}`, { cause: error });
  }
}

async function openRaw(source: Source): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  if (typeof source !== "string" && !(source instanceof URL)) return source.stream();
  if (!/^https?:/.test(String(source))) return (await Deno.open(source)).readable;
  const response = await fetch(source);
  if (response.ok && response.body) return response.body;
  await response.body?.cancel();
  throw new Error(`server answered ${response.status} ${response.statusText}`);
}

async function gunzipIfPacked(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const reader = bytes.getReader();
  const head: Uint8Array<ArrayBuffer>[] = [];
  for (let length = 0; length < 2;) {
    const { done, value } = await reader.read();
    if (done) break;
    head.push(value);
    length += value.length;
  }
  const [first = 0, second = 0] = head.flatMap((chunk) => [...chunk.subarray(0, 2)]);
  const whole = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const chunk = head.shift() ?? (await reader.read()).value;
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return first === 0x1f && second === 0x8b ? whole.pipeThrough(new DecompressionStream("gzip")) : whole;
}

async function attempt(name: string, line: number, body: () => Promise<string>): Promise<string> {
  try {
    return await body();
  } catch (error) {
    // The platform reports bytes after the end of the packed data in words of its own.
    const reason = /whole buffer|trailing|after end/i.test(messageOf(error))
      ? "gzip data must be one part, received more after its end"
      : messageOf(error);
    throw new SyntaxError(`Cannot read "${name}" after line ${line - 1}: ${reason}`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
