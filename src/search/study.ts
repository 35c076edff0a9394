/**
 * The state of a search: what its journal says, trial by trial.
 *
 * @module
 */
import type { Json } from "../checkpoint/canonical_json.ts";
import { formatDistribution, parseDistribution, toInternal, toValue, type Value } from "./distribution.ts";
import {
  type Direction,
  DIRECTIONS,
  formatTime,
  type Journal,
  type JournalRecord,
  OP,
  parseTime,
  TRIAL_STATES,
  type TrialState,
} from "./records.ts";
import type { Params, Space } from "./space.ts";

/** A trial as the journal tells it. */
export interface TrialRecord {
  /** Its number, from 0. */
  readonly number: number;
  /** How it stands. */
  readonly state: TrialState;
  /** Values of its parameters by name. */
  readonly params: Params;
  /** What it reached: the value that it returned, or of a pruned one the last that it reported. */
  readonly value?: number;
  /** Values that it reported by epoch. */
  readonly reports: ReadonlyMap<number, number>;
  /** When it was started, in ms since 1970. */
  readonly started?: number;
  /** When it ended, in ms since 1970. */
  readonly ended?: number;
  /** Why it failed. */
  readonly error?: string;
}

/** What samplers and pruners see of a search. */
export interface StudyView {
  /** Whether the least or the largest value is best. */
  readonly direction: Direction;
  /** All trials in the order of their numbers. */
  readonly trials: readonly TrialRecord[];
}

type Mutable = { -readonly [K in keyof TrialRecord]: TrialRecord[K] } & {
  params: Record<string, Value>;
  reports: Map<number, number>;
};

/** Name of the attribute with what a search was started with. */
const SETTINGS = "weft";

/** A search and its journal, which is written first at each change. */
export class Study implements StudyView {
  readonly #journal: Journal;
  readonly #worker = `${crypto.randomUUID()}-0`;
  readonly #trials: Mutable[] = [];
  #direction: Direction | undefined;
  #settings: Json | undefined;

  /**
   * Reads the records of a journal.
   *
   * @throws {RangeError} when it holds another kind of search
   */
  constructor(journal: Journal) {
    this.#journal = journal;
    for (const record of journal.records) this.#apply(record);
  }

  get direction(): Direction {
    return this.#direction ?? "maximize";
  }

  get trials(): readonly TrialRecord[] {
    return this.#trials;
  }

  /** What the search was started with; nothing where the journal does not say. */
  get settings(): Json | undefined {
    return this.#settings;
  }

  /** Begins a search, or completes the records of one that was stopped while it began. */
  begin(name: string, direction: Direction, settings: Json): void {
    const directions = [DIRECTIONS.indexOf(direction) + 1];
    if (!this.#direction) this.#write([{ op_code: OP.createStudy, study_name: name, directions }]);
    if (this.#settings === undefined) {
      this.#write([{ op_code: OP.setStudyUserAttribute, study_id: 0, user_attr: { [SETTINGS]: settings } }]);
    }
  }

  /** Adds a trial with its parameters; returns its number. */
  create(space: Space, params: Params): number {
    const number = this.#trials.length;
    const created = { op_code: OP.createTrial, study_id: 0, datetime_start: formatTime(new Date()) };
    this.#write([created, ...parameterRecords(number, space, params)]);
    return number;
  }

  /** Writes the parameters of a trial that its records lack, since they were cut off. */
  complete(number: number, space: Space, params: Params): void {
    const known = this.#trials[number].params;
    const missing = Object.fromEntries(Object.entries(params).filter(([name]) => !Object.hasOwn(known, name)));
    this.#write(parameterRecords(number, space, missing));
  }

  /** Adds the value of an epoch, unless it is there. */
  report(number: number, epoch: number, value: number): void {
    if (this.#trials[number].reports.has(epoch)) return;
    this.#write([{ op_code: OP.setIntermediateValue, trial_id: number, step: epoch, intermediate_value: value }]);
  }

  /** Ends a trial. */
  end(number: number, state: TrialState, value: number | undefined, error?: string): void {
    const why = error === undefined ? [] : [{ op_code: OP.setUserAttribute, trial_id: number, user_attr: { error } }];
    const values = value === undefined ? null : [value];
    const code = TRIAL_STATES.indexOf(state);
    const ended = formatTime(new Date());
    this.#write([...why, { op_code: OP.setState, trial_id: number, state: code, values, datetime_complete: ended }]);
  }

  #write(changes: readonly (Readonly<Record<string, Json>> & { readonly op_code: number })[]): void {
    if (changes.length === 0) return;
    const records = changes.map(({ op_code, ...fields }) => ({ op_code, worker_id: this.#worker, ...fields }));
    this.#journal.append(records);
    for (const record of records) this.#apply(record);
  }

  #apply(record: JournalRecord): void {
    const trial = typeof record.trial_id === "number" ? this.#trials[record.trial_id] : undefined;
    switch (record.op_code) {
      case OP.createStudy:
        return this.#applyStudy(record);
      case OP.deleteStudy:
        throw new RangeError("Cannot read the journal: it must hold one search, received one that was deleted");
      case OP.setStudyUserAttribute:
        this.#settings = (record.user_attr as Record<string, Json>)[SETTINGS] ?? this.#settings;
        return;
      case OP.createTrial:
        return this.#applyTrial(record);
      case OP.setParameter:
        return trial && isOpen(trial) ? applyParameter(trial, record) : undefined;
      case OP.setState:
        return trial && isOpen(trial) ? applyState(trial, record) : undefined;
      case OP.setIntermediateValue:
        if (trial && isOpen(trial)) trial.reports.set(Number(record.step), Number(record.intermediate_value));
        return;
      case OP.setUserAttribute: {
        const error = (record.user_attr as Record<string, Json>).error;
        if (trial && isOpen(trial) && typeof error === "string") trial.error = error;
        return;
      }
    }
  }

  #applyStudy(record: JournalRecord): void {
    const codes = record.directions as readonly number[];
    const direction = DIRECTIONS[codes[0] - 1];
    if (this.#direction || codes.length !== 1 || !direction) {
      throw new RangeError("Cannot read the journal: it must hold one search for one value, received another");
    }
    this.#direction = direction;
  }

  #applyTrial(record: JournalRecord): void {
    const trial: Mutable = {
      number: this.#trials.length,
      state: TRIAL_STATES[Number(record.state ?? 0)],
      params: {},
      reports: new Map(),
      started: parseTime(record.datetime_start),
    };
    // Optuna writes trials that wait to be run with their parameters in one record.
    const distributions = (record.distributions ?? {}) as Record<string, string>;
    const params = (record.params ?? {}) as Record<string, number>;
    for (const [name, internal] of Object.entries(params)) {
      trial.params[name] = toValue(parseDistribution(distributions[name]), internal);
    }
    this.#trials.push(trial);
  }
}

function parameterRecords(
  number: number,
  space: Space,
  params: Params,
): { op_code: number; trial_id: number; param_name: string; param_value_internal: number; distribution: string }[] {
  return space.filter(({ name }) => Object.hasOwn(params, name)).map(({ name, distribution }) => ({
    op_code: OP.setParameter,
    trial_id: number,
    param_name: name,
    param_value_internal: toInternal(distribution, params[name]),
    distribution: formatDistribution(distribution),
  }));
}

/** Tells whether a trial can change: those that ended stay as they are. */
function isOpen({ state }: TrialRecord): boolean {
  return state === "RUNNING" || state === "WAITING";
}

function applyParameter(trial: Mutable, record: JournalRecord): void {
  const distribution = parseDistribution(record.distribution as string);
  trial.params[record.param_name as string] = toValue(distribution, record.param_value_internal as number);
}

function applyState(trial: Mutable, record: JournalRecord): void {
  trial.state = TRIAL_STATES[record.state as number];
  const [value] = (record.values ?? []) as readonly number[];
  if (value !== undefined) trial.value = value;
  if (trial.state === "RUNNING") trial.started = parseTime(record.datetime_start);
  else trial.ended = parseTime(record.datetime_complete);
}

/** Tells whether a value is better than another one. */
export function isBetter(direction: Direction, value: number, other: number): boolean {
  return direction === "maximize" ? value > other : value < other;
}

/** Compares values, the best first. */
export function byValue(direction: Direction): (a: number, b: number) => number {
  return direction === "maximize" ? (a, b) => b - a : (a, b) => a - b;
}

/** Returns the completed trial of the best value, of equal ones the first; nothing where none is complete. */
export function bestOf({ direction, trials }: StudyView): TrialRecord | undefined {
  let best: TrialRecord | undefined;
  for (const trial of trials) {
    if (trial.state !== "COMPLETE") continue;
    if (!best || isBetter(direction, trial.value!, best.value!)) best = trial;
  }
  return best;
}

/** Returns the last epoch that a trial reported; 0 where it reported none. */
export function lastEpoch({ reports }: Pick<TrialRecord, "reports">): number {
  return Math.max(0, ...reports.keys());
}
