/**
 * Where a command writes: results to stdout, everything else to stderr.
 *
 * @module
 */

/** The two ways out of a command. */
export interface Streams {
  /** Writes lines of results. */
  out(text: string): void;
  /** Writes lines about the work: progress, warnings, errors. */
  err(text: string): void;
}

/** The process's own streams. */
export const processStreams: Streams = {
  out: (text) => writeAll(Deno.stdout, `${text}\n`),
  err: (text) => writeAll(Deno.stderr, `${text}\n`),
};

/** Writes text whole: a pipe may take part of it at a time. */
export function writeAll(writer: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length;) done += writer.writeSync(bytes.subarray(done));
}
