/**
 * Where a command writes: results to stdout, everything else to stderr.
 *
 * @module
 */
import type { ProgressStream } from "../progress.ts";

/** The two ways out of a command. */
export interface Streams {
  /** Writes lines of results. */
  out(text: string): void;
  /** Writes lines about the work: progress, warnings, errors. */
  err(text: string): void;
}

/** Where bytes go. */
interface Writer {
  writeSync(bytes: Uint8Array): number;
}

/** The process's own streams. */
export const processStreams: Streams = {
  out: (text) => writeWhileHeard(Deno.stdout, `${text}\n`),
  err: (text) => writeWhileHeard(Deno.stderr, `${text}\n`),
};

/** The process's stderr for a progress display. */
export const progressStream: ProgressStream = {
  get isTTY() {
    return isTerminal(Deno.stderr);
  },
  get columns() {
    return Deno.stderr.isTerminal() ? Deno.consoleSize().columns : undefined;
  },
  write: (text) => writeWhileHeard(Deno.stderr, text),
};

// Asked once: a terminal that has hung up is none any more.
const terminals = new Map([Deno.stdout, Deno.stderr].map((stream): [Writer, boolean] => [stream, stream.isTerminal()]));

function isTerminal(writer: Writer): boolean {
  return terminals.get(writer) === true;
}

/** Writes text, but drops it when the terminal has hung up: a run must live to save what it has. */
function writeWhileHeard(writer: Writer, text: string): void {
  try {
    writeAll(writer, text);
  } catch (error) {
    if (!isTerminal(writer) || (error as { code?: string }).code !== "EIO") throw error;
  }
}

/** Writes text or bytes whole: a pipe may take part of it at a time. */
export function writeAll(writer: Writer, content: string | Uint8Array): void {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  for (let done = 0; done < bytes.length;) done += writer.writeSync(bytes.subarray(done));
}
