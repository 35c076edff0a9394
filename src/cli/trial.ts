/**
 * The process of a trial: `weft train` that writes to a file, and that the end of its standard input stops as SIGTERM
 * does. A search that was killed therefore leaves no process behind.
 *
 * Arguments: the file, then those of the command line.
 *
 * @module
 */
import { main } from "../cli.ts";
import { writeAll } from "./streams.ts";

async function stopAtEndOfInput(): Promise<void> {
  const buffer = new Uint8Array(64);
  while (await Deno.stdin.read(buffer) !== null);
  Deno.kill(Deno.pid, "SIGTERM");
}

if (import.meta.main) {
  const [path, ...args] = Deno.args;
  using log = Deno.openSync(path, { create: true, append: true });
  const write = (text: string): void => writeAll(log, `${text}\n`);
  stopAtEndOfInput();
  Deno.exit(await main(args, { out: write, err: write }));
}
