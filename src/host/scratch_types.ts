/**
 * What the library asks of memory in files, whatever the host.
 *
 * @module
 */

/** Memory that is mapped to a file. */
export interface MappedBytes {
  /** The bytes. */
  readonly buffer: ArrayBuffer;
  /** Lets the system take the memory back; the bytes are read from the file when they are asked for again. */
  release(): void;
}
