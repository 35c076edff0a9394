/**
 * A training in a process of its own, so that what ends it, such as a driver that crashes, ends nothing else.
 *
 * @module
 */
import type { Interruption } from "./interrupt.ts";
import { type Streams, writeAll } from "./streams.ts";

/**
 * Runs `weft train` in a process, whose messages are passed on and added to a log. The first signal is passed on as well.
 *
 * @param args arguments, `train` first
 * @param log file of what the process writes
 * @returns why it failed; nothing when it did not
 */
export async function trainInProcess(
  args: readonly string[],
  log: string,
  { signal }: Interruption,
  streams: Streams,
): Promise<string | undefined> {
  const program = import.meta.resolve("../cli.ts");
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", program, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  // A terminal tells Ctrl-C to all of its processes: a second one would end this without a checkpoint, SIGTERM does not.
  const stop = (): void => child.kill("SIGTERM");
  if (Deno.build.os !== "windows") signal.addEventListener("abort", stop);
  using file = await Deno.open(log, { create: true, append: true });
  let last = "";
  const follow = async (stream: ReadableStream<Uint8Array>, tell: (line: string) => void): Promise<void> => {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      writeAll(file, text);
      const lines = `${rest}${text}`.split("\n");
      rest = lines.pop()!;
      lines.forEach(tell);
    }
    if (rest !== "") tell(rest);
  };
  const [status] = await Promise.all([
    child.status,
    follow(child.stdout, () => {}),
    follow(child.stderr, (line) => {
      streams.err(`  ${line}`);
      if (line.trim() !== "") last = line;
    }),
  ]);
  signal.removeEventListener("abort", stop);
  if (status.success) return undefined;
  return status.signal ? `the process was ended by ${status.signal}` : last || `code ${status.code}`;
}
