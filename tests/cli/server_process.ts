/** The command line's server as a process of its own, and what it serves. */
import { assertEquals } from "@std/assert";
import { MODEL, run, SCHEMA, writeData } from "./process.ts";

/** A server in a process of its own: its address, what it says, and how it ends. */
export class ServerProcess {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #said = "";
  #onText: () => void = () => {};

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    for await (const part of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#said += part;
      this.#onText();
    }
    this.#onText = () => {};
  }

  /** Waits until the process has said something that matches. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#said);
      if (found) return found;
      const changed = new Promise<"changed">((resolve) => this.#onText = () => resolve("changed"));
      const outcome = await Promise.race([changed, this.#reading.then(() => "ended" as const)]);
      if (outcome === "ended" && !pattern.test(this.#said)) throw new Error(`the server said: ${this.#said}`);
    }
  }

  signal(name: Deno.Signal): void {
    this.#child.kill(name);
  }

  async end(): Promise<{ code: number; said: string }> {
    await this.#reading;
    await this.#child.stdout.cancel();
    return { code: (await this.#child.status).code, said: this.#said };
  }
}

/** Trains a model on clicks, which are written to `clicks.csv` in the folder. */
export async function trainModel(folder: string, name: string, ...more: string[]): Promise<void> {
  await writeData(`${folder}/clicks.csv`, 64);
  const args = ["--data", "clicks.csv", ...SCHEMA, ...MODEL, "--epochs", "1", "--out", name, ...more];
  const { code, err } = await run(folder, "train", ...args);
  assertEquals(code, 0, err);
}
