/**
 * Checks of declared statistics of the past.
 *
 * @module
 */
import { type DeclaredLabels, taskNames } from "../declared_labels.ts";
import { formatNames, formatValue } from "../format.ts";
import type { Feature } from "../schema.ts";
import { requireKeys, requireText } from "../schema_checks.ts";
import { derivationOf, type PastOf, requireColumns } from "./derivation.ts";

/** Rows at the prior rate that each value is taken to have had besides its own. */
const SMOOTHING = 20;

const COUNT_KEYS = ["past", "of", "window"];
const RATE_KEYS = [...COUNT_KEYS, "smoothing", "prior", "label"];

/**
 * Reads how numbers are made of the past, and fills in the defaults.
 *
 * @param names of the feature and of its column, which must be one: such a feature has no column of its own
 * @throws {TypeError} when it is something else; the message names the feature
 * @throws {RangeError} when a number is out of its range
 */
export function readPast(
  owner: string,
  json: unknown,
  { name, column }: { readonly name: string; readonly column: string },
): PastOf {
  if (column !== name) throw new TypeError(`Cannot read schema: ${owner} must have from or column, received both`);
  const past = (json as Partial<PastOf> | null)?.past;
  const given = requireKeys(`from of ${owner}`, json, past === "count" ? COUNT_KEYS : RATE_KEYS);
  if (past !== "count" && past !== "rate") {
    throw new RangeError(`Cannot read schema: past of ${owner} must be rate or count, received ${formatValue(past)}`);
  }
  const of = requireColumns(owner, "of", given.of, 1);
  const { window, prior, label } = given;
  if (window !== undefined) requireNumber(owner, "window", window, (x) => x > 0, "above 0");
  const common = window === undefined ? {} : { window: window as number };
  if (past === "count") return { past, of, ...common };
  const smoothing = given.smoothing ?? SMOOTHING;
  requireNumber(owner, "smoothing", smoothing, (x) => x >= 0, "of at least 0");
  if (prior !== undefined) requireNumber(owner, "prior", prior, (x) => x >= 0 && x <= 1, "from 0 to 1");
  if (label !== undefined) requireText(owner, "label", label);
  return {
    ...{ past, of, ...common, smoothing: smoothing as number },
    ...(prior === undefined ? {} : { prior: prior as number }),
    ...(label === undefined ? {} : { label: label as string }),
  };
}

function requireNumber(
  owner: string,
  key: string,
  value: unknown,
  isGood: (x: number) => boolean,
  range: string,
): void {
  if (Number.isFinite(value) && isGood(value as number)) return;
  throw new RangeError(
    `Cannot read schema: ${key} of ${owner} must be a number ${range}, received ${formatValue(value)}`,
  );
}

/**
 * Refuses statistics of the past that the labels and the time of a schema do not allow.
 *
 * @throws {TypeError} when a window has no time, or a rate is one of times until an end
 * @throws {RangeError} when there is no such label
 */
export function requirePast(features: readonly Feature[], labels: DeclaredLabels, time: unknown): void {
  for (const feature of features) {
    const from = derivationOf(feature);
    if (from === undefined || !("past" in from)) continue;
    const { name } = feature;
    if (from.window !== undefined && time === undefined) {
      throw new TypeError(
        `Cannot read schema: window of feature "${name}" needs the time of the schema, received none`,
      );
    }
    if (from.past === "count") continue;
    if (labels.survival) {
      throw new TypeError(`Cannot read schema: feature "${name}" needs labels of 0 and 1, received times`);
    }
    const known = taskNames(labels);
    if (from.label !== undefined && !known.includes(from.label)) {
      throw new RangeError(
        `Cannot read schema: label of feature "${name}" must be one of ${formatNames(known)}, received "${from.label}"`,
      );
    }
  }
}
