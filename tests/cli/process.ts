/** The command line as a process of its own, and clicks for it to train on. */

const CLI = new URL("../../src/cli.ts", import.meta.url).pathname;

/** Starts the command line in a folder. */
export function start(folder: string, ...args: string[]): Deno.ChildProcess {
  return startProgram(folder, Deno.execPath(), "run", "-A", CLI, ...args);
}

/** Starts the command line in a folder with no permissions but these. */
export function startWith(folder: string, permissions: readonly string[], ...args: string[]): Deno.ChildProcess {
  return startProgram(folder, Deno.execPath(), "run", "--no-prompt", ...permissions, CLI, ...args);
}

/** Starts the command line in a folder with a standard input to write to. */
export function startPiped(folder: string, ...args: string[]): Deno.ChildProcess {
  const command = { args: ["run", "-A", CLI, ...args], cwd: folder, env: { NO_COLOR: "1" } };
  return new Deno.Command(Deno.execPath(), { ...command, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
}

/** Starts the command line in a folder as a process that outlives its terminal, as under `nohup`. */
export function startLasting(folder: string, ...args: string[]): Deno.ChildProcess {
  return startProgram(folder, "sh", "-c", 'trap "" HUP; exec "$@"', "sh", Deno.execPath(), "run", "-A", CLI, ...args);
}

/** Runs the command line in a terminal that is closed once a text shows on it. */
export async function closeTerminalAt(folder: string, text: string, args: readonly string[]): Promise<void> {
  const command = [Deno.execPath(), "run", "-A", CLI, ...args].join(" ");
  const terminal = startProgram(folder, "script", "-qefc", command, "/dev/null");
  let seen = "";
  for await (const part of terminal.stdout.pipeThrough(new TextDecoderStream())) {
    seen += part;
    if (!seen.includes(text)) continue;
    terminal.kill("SIGKILL");
    break;
  }
  await terminal.stderr.cancel();
  await terminal.status;
}

function startProgram(folder: string, program: string, ...args: string[]): Deno.ChildProcess {
  return new Deno.Command(program, {
    args,
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs the command line to its end. */
export async function run(folder: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await start(folder, ...args).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

/** Runs the command line and sends it a signal once a text shows on stderr. */
export async function runUntil(folder: string, text: string, signal: Deno.Signal, ...args: string[]): Promise<Ended> {
  return await signalAt(start(folder, ...args), text, signal);
}

/** Sends a process a signal, twice at once where asked to, when a text shows on stderr. */
export async function signalAt(
  child: Deno.ChildProcess,
  text: string,
  signal: Deno.Signal,
  twice = false,
): Promise<Ended> {
  let err = "";
  for await (const part of child.stderr.pipeThrough(new TextDecoderStream())) {
    const seen = err.includes(text);
    err += part;
    if (seen || !err.includes(text)) continue;
    child.kill(signal);
    if (twice) child.kill(signal);
  }
  await child.stdout.cancel();
  return { code: (await child.status).code, err };
}

export interface Ended {
  code: number;
  err: string;
}

/** Writes `click,user,item,price`: clicks follow from user and item together, apart from every eighth row. */
export async function writeData(path: string, rows: number, more: readonly string[] = []): Promise<void> {
  const lines = Array.from({ length: rows }, (_, row) => {
    const [user, item] = [(row * 5) % 7, (row * 3) % 4];
    const click = row % 8 === 0 ? row % 3 === 0 : (user + item) % 2 === 0;
    return `${click ? "yes" : "no"},u${user},i${item},${row % 11}`;
  });
  await Deno.writeTextFile(path, ["click,user,item,price", ...lines, ...more].join("\n"));
}

export const SCHEMA = ["--label", "click", "--positive", "yes", "--categorical", "user,item", "--numeric", "price"];
export const MODEL = ["--dim", "4", "--hidden", "8", "--dropout", "0.1", "--batch-size", "32", "--lr", "0.01"];
