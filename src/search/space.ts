/**
 * The parameters of a search as they are declared.
 *
 * @module
 */
import { type Distribution, listValues, roundTo, type Value } from "./distribution.ts";

/** When a parameter takes part: where each of these others has one of these values. */
export type When = Readonly<Record<string, Value | readonly Value[]>>;

/** Numbers or choices, without a condition. */
export type RangeDeclaration =
  | { readonly choice: readonly Value[] }
  | { readonly uniform: readonly [number, number]; readonly step?: number }
  | { readonly log: readonly [number, number] }
  | { readonly int: readonly [number, number]; readonly log?: boolean; readonly step?: number };

/**
 * Values of a parameter: a list of choices, `{ choice: [...] }`, `{ uniform: [low, high] }` of real numbers,
 * `{ log: [low, high] }` of those whose factors count, `{ int: [low, high] }`, with `log: true` or a `step`. `when`
 * names the values of other parameters that it needs.
 */
export type Declaration = readonly Value[] | (RangeDeclaration & { readonly when?: When });

/** Parameters by name. */
export type SearchSpace = Readonly<Record<string, Declaration>>;

/** The type of a declared parameter's values. */
export type ValueOf<D> = D extends readonly (infer V)[] ? V
  : D extends { readonly choice: readonly (infer V)[] } ? V
  : number;

/** Parameters of a trial by name, with the types that their declarations give; those with `when` can be absent. */
export type ParamsOf<S extends SearchSpace> =
  & { readonly [K in keyof S as S[K] extends { readonly when: unknown } ? never : K]: ValueOf<S[K]> }
  & { readonly [K in keyof S as S[K] extends { readonly when: unknown } ? K : never]?: ValueOf<S[K]> };

/** Parameters of a trial by name. */
export type Params = Readonly<Record<string, Value>>;

/** A parameter of a space. */
export interface Parameter {
  /** Its name. */
  readonly name: string;
  /** The values that it can have. */
  readonly distribution: Distribution;
  /** The parameters that decide whether it takes part, with the values that they must have. */
  readonly when: readonly { readonly name: string; readonly values: readonly Value[] }[];
}

/** Parameters, each behind those that it depends on. */
export type Space = readonly Parameter[];

/** Tells whether a parameter takes part where those before it have these values. */
export function isActive({ when }: Parameter, params: Params): boolean {
  return when.every(({ name, values }) => Object.hasOwn(params, name) && values.includes(params[name]));
}

/**
 * Reads declared parameters.
 *
 * @throws {TypeError} when a declaration is none
 * @throws {RangeError} when there are no parameters or values, a range is empty, a step does not fit, or a condition
 * names what is no parameter, a value that it cannot have, or goes in a circle
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const [model, layers] = parseSpace({
 *   layers: { int: [1, 4], when: { model: "dcnv2" } },
 *   model: ["deepfm", "dcnv2"],
 * });
 * assert.equal(model.name, "model");
 * assert(isActive(layers, { model: "dcnv2" }));
 * ```
 */
export function parseSpace(space: SearchSpace): Space {
  const parameters = Object.entries(space).map(([name, declaration]) => parseParameter(name, declaration));
  if (parameters.length === 0) {
    throw new RangeError("Cannot search: the space must have a parameter, received none");
  }
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  for (const parameter of parameters) requireConditions(parameter, byName);
  return inOrder(parameters);
}

function refuse(name: string, what: string, received: unknown): never {
  throw new RangeError(`Cannot search over "${name}": ${what}, received ${JSON.stringify(received)}`);
}

function parseParameter(name: string, declaration: Declaration): Parameter {
  if (Array.isArray(declaration)) return { name, distribution: parseChoices(name, declaration), when: [] };
  const kind = typeof declaration === "object" && declaration !== null
    ? (["choice", "uniform", "int", "log"] as const).find((key) => Object.hasOwn(declaration, key))
    : undefined;
  if (kind === undefined) {
    throw new TypeError(
      `Cannot search over "${name}": it must be a list, or an object with choice, uniform, log or int, ` +
        `received ${JSON.stringify(declaration)}`,
    );
  }
  const { when = {}, ...range } = declaration as Exclude<Declaration, readonly Value[]>;
  const allowed = { choice: ["choice"], uniform: ["uniform", "step"], log: ["log"], int: ["int", "log", "step"] }[kind];
  const surplus = Object.keys(range).find((key) => !allowed.includes(key));
  if (surplus !== undefined) refuse(name, `a parameter of ${kind} has ${[...allowed, "when"].join(", ")}`, surplus);
  const conditions = Object.entries(when).map(([parent, values]) => ({
    name: parent,
    values: Array.isArray(values) ? values as readonly Value[] : [values as Value],
  }));
  return { name, distribution: parseRange(name, kind, range as RangeFields), when: conditions };
}

/** What the declarations of all kinds can have. */
interface RangeFields {
  readonly choice?: readonly Value[];
  readonly uniform?: readonly [number, number];
  readonly int?: readonly [number, number];
  readonly log?: readonly [number, number] | boolean;
  readonly step?: number;
}

function parseRange(name: string, kind: "choice" | "uniform" | "int" | "log", range: RangeFields): Distribution {
  if (kind === "choice") return parseChoices(name, range.choice);
  const bounds = range[kind];
  if (!Array.isArray(bounds) || bounds.length !== 2 || !bounds.every(Number.isFinite) || bounds[0] > bounds[1]) {
    refuse(name, `${kind} must be [low, high]`, bounds);
  }
  const [low, high] = bounds as readonly [number, number];
  const log = kind === "log" || (kind === "int" && (range.log ?? false));
  if (typeof log !== "boolean") refuse(name, "log must be true or false", log);
  if (log && !(low > 0)) refuse(name, "numbers whose factors count must be above 0", low);
  const { step } = range;
  if (step !== undefined) requireStep(name, low, high, step);
  if (kind !== "int") return { kind: "float", low, high, log, ...(step !== undefined && { step }) };
  if (![low, high, step ?? 1].every(Number.isSafeInteger)) refuse(name, "int must be integers", [...bounds, step ?? 1]);
  if (log && step !== undefined) refuse(name, "there is no step with log", step);
  return { kind: "int", low, high, log, step: step ?? 1 };
}

function requireStep(name: string, low: number, high: number, step: number): void {
  const steps = (high - low) / step;
  if (!(step > 0) || Math.abs(steps - Math.round(steps)) > 1e-9 * Math.max(1, steps)) {
    refuse(name, `step must divide ${high} - ${low}`, step);
  }
}

function parseChoices(name: string, choices: unknown): Distribution {
  if (!Array.isArray(choices) || choices.length === 0) refuse(name, "there must be a value", choices);
  const values = choices as unknown[];
  const strange = values.find((value) =>
    value !== null && !["string", "number", "boolean"].includes(typeof value) || typeof value === "number" &&
      !Number.isFinite(value)
  );
  if (strange !== undefined) refuse(name, "a value must be a text, a number, true, false or null", strange);
  if (new Set(values).size < values.length) refuse(name, "the values must differ", values);
  return { kind: "choice", choices: values as Value[] };
}

function requireConditions({ name, when }: Parameter, byName: ReadonlyMap<string, Parameter>): void {
  for (const { name: parent, values } of when) {
    const known = byName.get(parent);
    if (!known) refuse(name, `"when" must name parameters of the space, ${[...byName.keys()].join(", ")}`, parent);
    const strange = values.length === 0 ? null : values.find((value) => !holds(known!.distribution, value));
    if (strange !== undefined) refuse(name, `"when" must name values of ${parent}`, strange);
  }
}

/** Tells whether a parameter can have a value. */
export function holds(distribution: Distribution, value: Value): boolean {
  const values = listValues(distribution);
  if (values) return values.includes(value);
  return distribution.kind !== "choice" && typeof value === "number" && roundTo(distribution, value) === value;
}

/** Sorts parameters so that each is behind those of its conditions, otherwise in the order of their declarations. */
function inOrder(parameters: readonly Parameter[]): Space {
  const sorted: Parameter[] = [];
  let left = parameters;
  while (left.length > 0) {
    const waits = ({ when }: Parameter): boolean => when.some(({ name }) => left.some((other) => other.name === name));
    const ready = left.filter((parameter) => !waits(parameter));
    if (ready.length === 0) {
      const names = left.map(({ name }) => name);
      throw new RangeError(`Cannot search: conditions must not go in a circle, received ${names.join(", ")}`);
    }
    sorted.push(...ready);
    left = left.filter(waits);
  }
  return sorted;
}
