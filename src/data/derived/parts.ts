/**
 * Crosses of features: what the names of features among their parts stand for.
 *
 * @module
 */
import { formatNames } from "../format.ts";
import { isKept } from "../kept_names.ts";
import type { CategoricalFeature, Feature, NumericFeature } from "../schema.ts";
import { type CrossOf, type CrossPart, derivationOf } from "./derivation.ts";

/** Features that crosses can be made of, by name. */
type Named = ReadonlyMap<string, CategoricalFeature | NumericFeature>;

/**
 * Returns features whose crosses say what they are made of by themselves: names of features in them are replaced by what
 * these are made of. Crosses that say so already stay as they are.
 *
 * @throws {TypeError} when a cross is made of itself, or of a feature that has no text before all rows are read
 * @throws {RangeError} when a cross is made of the buckets of a feature that is not there
 */
export function resolveParts(features: readonly Feature[]): Feature[] {
  const named: Named = new Map(
    features.flatMap((feature) => isMadeOrCut(feature) && !isKept(feature.name) ? [[feature.name, feature]] : []),
  );
  return features.map((feature): Feature => {
    const from = derivationOf(feature);
    if (from === undefined || !("cross" in from) || isKept(feature.name)) return feature;
    return { ...feature as CategoricalFeature, from: resolveCross(from, named, [feature.name]) };
  });
}

/** Returns a schema's features as they are in a file of one that was fitted: a text in a cross is a column there. */
export function withColumnsNamed<T>(feature: T): T {
  const { from, name } = (feature ?? {}) as { from?: { cross?: unknown }; name?: unknown };
  if (!Array.isArray(from?.cross) || (typeof name === "string" && isKept(name))) return feature;
  const named = from.cross.map((part) =>
    typeof part === "string" ? { column: part } : withColumnsNamed({ from: part }).from
  );
  return { ...feature, from: { ...from, cross: named } };
}

/** Whether a feature is more than the text or the number of one column. */
function isMadeOrCut(feature: Feature): feature is CategoricalFeature | NumericFeature {
  return derivationOf(feature) !== undefined || (feature.kind === "numeric" && feature.buckets !== undefined);
}

/** @param path names of the crosses that this one is within, the outermost first */
function resolveCross({ cross }: CrossOf, named: Named, path: readonly string[]): CrossOf {
  return { cross: cross.map((part) => resolvePart(part, named, path)) };
}

function resolvePart(part: CrossPart, named: Named, path: readonly string[]): CrossPart {
  if (typeof part === "string") return resolveName(part, named, path);
  if ("cross" in part) return resolveCross(part, named, path);
  if ("date" in part) return part;
  if (!("bucket" in part)) return named.has(part.column) ? part : part.column;
  const feature = named.get(part.bucket);
  if (feature?.kind === "numeric" && feature.buckets !== undefined && feature.column === part.column) return part;
  throw new RangeError(
    `Cannot read schema: feature "${path[0]}" is made of the buckets of feature "${part.bucket}", which must be there`,
  );
}

function resolveName(name: string, named: Named, path: readonly string[]): CrossPart {
  const feature = named.get(name);
  if (feature === undefined) return name;
  const refuse = (what: string): never => {
    throw new TypeError(`Cannot read schema: feature "${path[0]}" must not be made of ${what}`);
  };
  if (path.includes(name)) {
    const hint = path.length === 1 ? `; { column: "${name}" } is the column` : "";
    return refuse(`itself, received ${formatNames([...path, name]).replaceAll(", ", " made of ")}${hint}`);
  }
  const { from } = feature;
  if (from === undefined) return { bucket: name, column: feature.column };
  if ("past" in from) return refuse(`a statistic of the past, received "${name}"`);
  return "date" in from ? from : resolveCross(from, named, [...path, name]);
}
