/**
 * A thread beside the one that reads.
 *
 * @module
 */

/** What a thread does: cutting lines into cells, or reading columns of Parquet. */
export type DataThreadWork = "cutting" | "parquet";

/** The end of its messages that the reading thread has. */
export type DataThreadPort = Pick<Worker, "postMessage" | "terminate" | "onmessage" | "onmessageerror" | "onerror">;
