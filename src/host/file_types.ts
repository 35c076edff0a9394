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

/** What tells whether a file is the one that was there before. */
export interface FileStamp {
  /** Its path without links, from the root. */
  readonly path: string;
  /** Its size. */
  readonly bytes: number;
  /** When it was written last, in ms since 1970; absent where the file system does not say. */
  readonly modified?: number;
}
