/**
 * Fields of a fitted schema: their place among the rows, and what a file has of them.
 *
 * @module
 */
import type { FieldFit, FittedField } from "./fitted_schema.ts";
import type { FittedScale } from "./scaling.ts";
import { firstValueRow, isTextList, readIdle } from "./vocabulary.ts";

/** Places a field behind others. */
export function placeField(fit: FieldFit, offset: number): FittedField {
  const { feature, missing, vocabulary = [], edges = [] } = fit;
  const kind = kindOf(feature);
  const values = kind === "categorical" ? vocabulary.length : edges.length + 1;
  const rows = kind === "numeric" ? Number(missing) + 1 : firstValueRow(missing) + values;
  return { ...fit, name: feature.name, kind, rows, offset };
}

function kindOf(feature: FieldFit["feature"]): FittedField["kind"] {
  if (feature.kind === "categorical") return "categorical";
  return feature.buckets === undefined ? "numeric" : "bucketed";
}

/**
 * Reads what a schema's JSON has for a field.
 *
 * @throws {TypeError} when it is something else
 */
export function readFit(feature: FieldFit["feature"], json: Record<string, unknown>): FieldFit {
  const refuse = (what: string): never => {
    throw new TypeError(`Cannot read fitted schema: field "${feature.name}" must have ${what}`);
  };
  const { missing, vocabulary, idle, weighted, scaling, edges, range } = json;
  if (typeof missing !== "boolean") return refuse("missing as true or false");
  const kind = kindOf(feature);
  if (kind === "categorical") {
    if (!isTextList(vocabulary)) return refuse("a vocabulary of texts");
    return { feature, missing, vocabulary, ...readIdle(idle, vocabulary), ...(weighted === true ? { weighted } : {}) };
  }
  if (kind === "bucketed") {
    if (!Array.isArray(edges) || !edges.every((edge, k) => Number.isFinite(edge) && (k === 0 || edge > edges[k - 1]))) {
      return refuse("ascending edges");
    }
    return { feature, missing, edges, ...readRange(range, refuse) };
  }
  const { center, spread } = (scaling ?? {}) as Partial<FittedScale>;
  if (!Number.isFinite(center) || !((spread as number) > 0)) return refuse("a scaling with center and spread above 0");
  const scale = feature.kind === "numeric" ? feature.scale : "none";
  const scaled = { scale, center: center as number, spread: spread as number };
  return { feature, missing, scaling: scaled, ...readRange(range, refuse) };
}

function readRange(json: unknown, refuse: (what: string) => never): Pick<FieldFit, "range"> {
  if (json === undefined) return {};
  const [least, most] = Array.isArray(json) ? json : [];
  if (!Number.isFinite(least) || !(most >= least)) return refuse("a range of two ascending numbers");
  return { range: [least, most] };
}
