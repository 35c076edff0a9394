/**
 * Choosing the parameters of trials: every combination in turn, or at random.
 *
 * @module
 */
import type { Json } from "../checkpoint/canonical_json.ts";
import { threefry } from "../initializer/threefry.ts";
import { type Distribution, drawnRange, listValues, roundTo, type Value } from "./distribution.ts";
import { isActive, type Parameter, type Params, type Space } from "./space.ts";
import type { StudyView } from "./study.ts";

/** What a sampler chooses parameters for. */
export interface SampleRequest {
  /** The parameters. */
  readonly space: Space;
  /** The trials so far; those of this number and above do not count. */
  readonly study: StudyView;
  /** The trial's number, from 0. */
  readonly number: number;
  /** Seed of the search. */
  readonly seed: number;
}

/** Chooses the parameters of trials, the same ones for the same request. */
export interface Sampler {
  /** Name and options, for the journal. */
  readonly settings: Json;
  /** Counts the trials that there can be, up to `most`. */
  count(space: Space, most: number): number;
  /** Chooses the parameters of a trial. */
  sample(request: SampleRequest): Params;
}

/**
 * Makes a sampler that goes through all combinations, those of the last parameters first.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseSpace } from "./space.ts";
 *
 * const space = parseSpace({ dim: [8, 16], dropout: { uniform: [0, 0.5], step: 0.25 } });
 * assert.equal(grid().count(space, 100), 6);
 * ```
 */
export function grid(): Sampler {
  return {
    settings: { name: "grid" },
    count: (space, most) => {
      space.forEach(valuesOf);
      let count = 0;
      for (const combinations = combine(space); count < most && !combinations.next().done;) count++;
      return count;
    },
    sample: ({ space, number }) => {
      let at = 0;
      for (const params of combine(space)) if (at++ === number) return params;
      throw new RangeError(`Cannot sample trial ${number}: the grid has ${at} combinations`);
    },
  };
}

/** Goes through all combinations of the parameters from a place on; those that do not take part are left out. */
function* combine(space: Space, at = 0, params: Params = {}): Generator<Params> {
  if (at === space.length) return yield params;
  const parameter = space[at];
  if (!isActive(parameter, params)) return yield* combine(space, at + 1, params);
  for (const value of valuesOf(parameter)) yield* combine(space, at + 1, { ...params, [parameter.name]: value });
}

function valuesOf({ name, distribution }: Parameter): readonly Value[] {
  const values = listValues(distribution);
  if (values) return values;
  throw new RangeError(
    `Cannot search a grid: ${name} must be a list of values or a range with a step, received a range`,
  );
}

/** Makes a sampler that draws each parameter by itself. */
export function random(): Sampler {
  return {
    settings: { name: "random" },
    count: (_, most) => most,
    sample: (request) => sampleEach(request, (parameter, draw) => drawEvenly(parameter.distribution, draw(0))),
  };
}

/** Draws a uniform number in (0, 1) by its place: the same for the same seed, trial, parameter and place. */
export type Draw = (place: number) => number;

/** Chooses the parameters that take part one after the other. */
export function sampleEach(
  { space, number, seed }: SampleRequest,
  choose: (parameter: Parameter, draw: Draw) => Value,
): Params {
  const params: Record<string, Value> = {};
  const words = new Uint32Array(2);
  for (const parameter of space) {
    if (!isActive(parameter, params)) continue;
    const key = hashName(parameter.name);
    params[parameter.name] = choose(parameter, (place) => {
      threefry(words, seed, key, number, place);
      return (words[0] + 0.5) / 2 ** 32;
    });
  }
  return params;
}

/** Returns the value of a distribution at a share in (0, 1) of it. */
export function drawEvenly(distribution: Distribution, share: number): Value {
  if (distribution.kind === "choice") return distribution.choices[Math.floor(share * distribution.choices.length)];
  const [low, high] = drawnRange(distribution);
  const drawn = low + share * (high - low);
  return roundTo(distribution, distribution.log ? Math.exp(drawn) : drawn);
}

/** Turns a name into 32 bits, by the hash of Fowler, Noll and Vo. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
