/**
 * Records of a search in the journal format of Optuna: a JSON object a line, never changed once it is written.
 *
 * @module
 */
import type { Json } from "../checkpoint/canonical_json.ts";

/** Codes of what a record does. */
export const OP = {
  createStudy: 0,
  deleteStudy: 1,
  setStudyUserAttribute: 2,
  setStudySystemAttribute: 3,
  createTrial: 4,
  setParameter: 5,
  setState: 6,
  setIntermediateValue: 7,
  setUserAttribute: 8,
  setSystemAttribute: 9,
  discardTrials: 10,
} as const;

/** State of a trial: one that is to be run, runs, has ended by itself, was stopped for its values, or has failed. */
export type TrialState = "WAITING" | "RUNNING" | "COMPLETE" | "PRUNED" | "FAIL";

/** States by their codes. */
export const TRIAL_STATES: readonly TrialState[] = ["RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING"];

/** Whether the least or the largest value is best. */
export type Direction = "minimize" | "maximize";

/** Directions by their codes, less 1. */
export const DIRECTIONS: readonly Direction[] = ["minimize", "maximize"];

/** A line of a journal; which fields it has depends on its code. */
export interface JournalRecord {
  /** One of {@linkcode OP}. */
  readonly op_code: number;
  /** Who wrote it. */
  readonly worker_id: string;
  /** Other fields. */
  readonly [field: string]: Json;
}

/** Where the records of a search are kept. */
export interface Journal {
  /** The records that were there when it was opened. */
  readonly records: readonly JournalRecord[];
  /** Appends records; they are kept when this returns. */
  append(records: readonly JournalRecord[]): void;
}

/** Writes a time as journals have it. */
export function formatTime(time: Date): string {
  return time.toISOString().replace("Z", "000+00:00");
}

/** Reads the time of a record, in ms since 1970. */
export function parseTime(text: Json): number | undefined {
  return typeof text === "string" ? Date.parse(text.replace(/(\.\d{3})\d+/, "$1")) : undefined;
}

/**
 * Reads the lines of a journal. A last line without its end is left out: its writer was stopped in the middle.
 *
 * @param path the file, for errors
 * @throws {SyntaxError} when another line is no record, naming it
 */
export function parseJournal(path: string, text: string): JournalRecord[] {
  return text.split("\n").slice(0, -1).map((line, i) => {
    const record = parseRecord(line);
    if (record) return record;
    throw new SyntaxError(`Cannot read "${path}" line ${i + 1}: it must be a record of a journal, received ${line}`);
  });
}

function parseRecord(line: string): JournalRecord | undefined {
  try {
    const record = JSON.parse(line);
    return Number.isInteger(record?.op_code) ? record : undefined;
  } catch {
    return undefined;
  }
}
