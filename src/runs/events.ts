/**
 * The lines of `metrics.jsonl`: what happened in a training run, in order.
 *
 * @module
 */
import { type Evaluation, numbersOf } from "../metrics.ts";

/** Where a training stood. */
export interface RunPlace {
  /** Epoch, from 1. */
  readonly epoch: number;
  /** Steps of the whole training. */
  readonly step: number;
  /** Seconds since the start, those between an interruption and its resumption left out. */
  readonly seconds: number;
  /** Learning rate of the last step. */
  readonly lr: number;
}

/** The loss of some steps. */
export interface StepEvent extends RunPlace {
  /** What happened. */
  readonly kind: "step";
  /** Mean loss over the rows since the last such event, or since a resumption behind it. */
  readonly loss: number;
}

/** An evaluation of the validation rows within an epoch, or the end of an epoch. */
export interface EvaluationEvent extends RunPlace {
  /** What happened. */
  readonly kind: "evaluation" | "epoch";
  /** Mean loss over the rows since the epoch began. */
  readonly loss?: number;
  /** Metrics by name, as in `auc` and `auc.click`, without those that the labels do not allow; empty without such rows. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Whether it is the best so far. */
  readonly improved?: boolean;
  /** Training rows per second of the epoch. */
  readonly rowsPerSecond?: number;
}

/** What the trained model reached on the test rows. */
export interface TestEvent {
  /** What happened. */
  readonly kind: "test";
  /** Metrics by name, as those of evaluations. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** A line of `metrics.jsonl`. */
export type RunEvent = StepEvent | EvaluationEvent | TestEvent;

/** Returns the metrics of an evaluation by name, without those that are no numbers. */
export function finiteMetrics(evaluation: Evaluation | undefined): Record<string, number> {
  const numbers = evaluation ? numbersOf(evaluation) : {};
  return Object.fromEntries(Object.entries(numbers).filter(([, value]) => Number.isFinite(value)));
}

/** Writes an event as a line. */
export function formatEvent(event: RunEvent): string {
  return `${JSON.stringify(event)}\n`;
}

/** The events of a file, each with where its line ends. */
export interface ParsedEvents {
  /** The events in order. */
  readonly events: readonly RunEvent[];
  /** Bytes up to the end of each event's line. */
  readonly ends: readonly number[];
}

const KINDS: readonly unknown[] = ["step", "evaluation", "epoch", "test"];

/**
 * Reads the text of a `metrics.jsonl`. A last line without its end is left out: its writer was stopped in the middle.
 *
 * @param path the file, for errors
 * @throws {SyntaxError} when another line is no event, naming it
 */
export function parseEvents(path: string, text: string): ParsedEvents {
  const lines = text.split("\n").slice(0, -1);
  const encoder = new TextEncoder();
  const ends: number[] = [];
  let end = 0;
  const events = lines.map((line, i) => {
    ends.push(end += encoder.encode(line).length + 1);
    return parseEvent(line) ?? refuse(path, i + 1, line);
  });
  return { events, ends };
}

function parseEvent(line: string): RunEvent | undefined {
  try {
    const event = JSON.parse(line);
    return KINDS.includes(event?.kind) ? event : undefined;
  } catch {
    return undefined;
  }
}

function refuse(path: string, line: number, text: string): never {
  throw new SyntaxError(`Cannot read "${path}" line ${line}: it must be an event of a run, received ${text}`);
}
