/**
 * What is told about the files of a training run, whatever keeps them.
 *
 * @module
 */

/** A text that lines are appended to. */
export interface AppendedFile extends Disposable {
  /**
   * Appends bytes at once.
   *
   * @throws {Error} when they cannot be written
   */
  append(bytes: Uint8Array): void;
  /** Waits until what was appended is on the disk. */
  sync(): void;
  /** Cuts what is behind the first bytes. */
  cut(bytes: number): void;
}

/** The folder of a run, which this process alone writes to. */
export interface RunFiles extends Disposable {
  /** Names of the files. */
  list(): Promise<string[]>;
  /** Reads a file; nothing when there is none. */
  read(name: string): Promise<string | undefined>;
  /** Puts a text in place of a file, so that there is either the old or the whole new one. */
  replace(name: string, text: string): Promise<void>;
  /** Opens a file to append to, which is created where there is none. */
  open(name: string): Promise<AppendedFile>;
  /** Removes a file, where there is one. */
  remove(name: string): Promise<void>;
}
