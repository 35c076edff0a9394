/**
 * A thread beside the one that reads.
 *
 * @module
 */

/** The end of its messages that the reading thread has. */
export type CutterThread = Pick<Worker, "postMessage" | "terminate" | "onmessage" | "onmessageerror" | "onerror">;
