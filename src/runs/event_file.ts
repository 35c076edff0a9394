/**
 * The event file of a run that TensorBoard shows.
 *
 * @module
 */
import type { AppendedFile, RunFiles } from "../host/mod.ts";
import type { RunEvent } from "./events.ts";
import { EVENT_FILES, eventFileStart, eventRecord, nameEventFile } from "./tensorboard.ts";

/** Writes events of a run to one file, in the place of that of an earlier part where there is one. */
export class EventFile implements Disposable {
  readonly #file: AppendedFile;
  readonly #started: number;
  #last: RunEvent | undefined;

  private constructor(file: AppendedFile, started: number) {
    this.#file = file;
    this.#started = started;
  }

  /**
   * Creates the file and removes those of earlier parts. A new name tells a TensorBoard that has read one of those to
   * begin anew.
   *
   * @param started when the run started, in seconds since 1970
   */
  static async create(files: RunFiles, started: number): Promise<EventFile> {
    for (const name of await files.list()) if (name.startsWith(EVENT_FILES)) await files.remove(name);
    const seconds = Date.now() / 1000;
    const file = new EventFile(await files.open(nameEventFile(seconds)), started);
    for (const bytes of eventFileStart(seconds)) file.#file.append(bytes);
    return file;
  }

  /** Appends an event. */
  append(event: RunEvent): void {
    this.#file.append(eventRecord(event, this.#started, this.#last));
    this.#last = event;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}
