/**
 * What the library asks of files, whatever the host.
 *
 * @module
 */

/** Bytes that can be read at any place. */
export interface ByteRanges {
  /** How many there are. */
  readonly byteLength: number;
  /** Reads the bytes from `start` up to `end`, or to the last. */
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}

/** What is in a folder. */
export interface FolderEntry {
  /** Its name, without the folder's. */
  readonly name: string;
  /** Whether it is a folder. */
  readonly isFolder: boolean;
}
