/**
 * What is told about folders of logs, whatever writes them.
 *
 * @module
 */

/** A file that whole lines are appended to. */
export interface LineFile {
  /** Bytes that were written. */
  readonly bytes: number;
  /**
   * Appends lines; where that fails, none of them is in the file.
   *
   * @throws {Error} when they cannot be written
   */
  write(lines: Uint8Array): Promise<void>;
  /** Closes the file and gives it its final name; a file without lines is removed. */
  finish(): Promise<void>;
}

/** A folder that one writer adds files of lines to. */
export interface LogFolder extends Disposable {
  /** Starts a file. */
  create(): Promise<LineFile>;
}
