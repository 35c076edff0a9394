/**
 * Orders of candidates: by score, or partly at random so that logs tell what other orders would have brought.
 *
 * A propensity is the probability with which a candidate came to its place, given those before it. The product over the
 * places is the probability of the list, by which counterfactual estimates weight what users did.
 *
 * @module
 */
import { randomUnit } from "../data/random.ts";
import type { Row } from "../data/rows.ts";
import { formatValue } from "../data/format.ts";
import { refuse } from "./error.ts";

/** Candidates with their scores. */
export interface ScoredCandidates {
  /** Columns that all candidates share. */
  readonly context: Row;
  /** The candidates. */
  readonly candidates: readonly Row[];
  /** Probability of each candidate. */
  readonly scores: Float32Array;
  /** Logit of each candidate. */
  readonly logits: Float32Array;
  /** How many are wanted. */
  readonly top: number;
}

/** A candidate at its place. */
export interface RankedCandidate {
  /** Number of the candidate, from 0. */
  readonly index: number;
  /** Probability with which it came to its place, given those before it. */
  readonly propensity?: number;
}

/** Orders candidates, the first one first; it may leave some out. */
export type Ranker = (scored: ScoredCandidates) => readonly RankedCandidate[];

/** Exploration that a request asks for. */
export type Exploration =
  | { readonly kind: "epsilon_greedy"; readonly epsilon: number; readonly seed: number }
  | { readonly kind: "plackett_luce"; readonly temperature: number; readonly seed: number };

/** Orders candidates by their logits; of equal ones the first comes first. */
export function byScore({ logits, top }: ScoredCandidates): RankedCandidate[] {
  return bestFirst(logits).slice(0, top).map((index) => ({ index }));
}

/**
 * Fills each place with the best candidate that is left, or with probability `epsilon` with any that is left.
 *
 * @param seed integer in [0, 2^32); the same seed gives the same order
 */
export function epsilonGreedy(epsilon: number, seed: number): Ranker {
  return ({ logits, top }) => {
    const left = bestFirst(logits);
    return Array.from({ length: Math.min(top, left.length) }, (_, place) => {
      const explores = randomUnit(seed, place, 0) < epsilon;
      const at = explores ? Math.floor(randomUnit(seed, place, 1) * left.length) : 0;
      const propensity = epsilon / left.length + (at === 0 ? 1 - epsilon : 0);
      return { index: left.splice(at, 1)[0], propensity };
    });
  };
}

/**
 * Draws an order by the model of Plackett and Luce: each place goes to one of the candidates that are left, with
 * probability proportional to `exp(logit / temperature)`. Sorting `logit / temperature + Gumbel noise` draws so.
 *
 * @param temperature above 0; small ones keep near the order of the scores, large ones make all orders alike
 * @param seed integer in [0, 2^32); the same seed gives the same order
 */
export function plackettLuce(temperature: number, seed: number): Ranker {
  return ({ logits, top }) => {
    const weights = Float64Array.from(logits, (logit) => logit / temperature);
    const noisy = weights.map((weight, i) => weight - Math.log(-Math.log(randomUnit(seed, i))));
    const order = bestFirst(noisy);
    const propensities = new Float64Array(order.length);
    // The logarithm of the sum of exp(weight) over a place and those after it, from the last place on.
    let rest = -Infinity;
    for (let place = order.length - 1; place >= 0; place--) {
      const weight = weights[order[place]];
      const largest = Math.max(rest, weight);
      rest = largest + Math.log(Math.exp(rest - largest) + Math.exp(weight - largest));
      propensities[place] = Math.exp(weight - rest);
    }
    return order.slice(0, top).map((index, place) => ({ index, propensity: propensities[place] }));
  };
}

/** Returns what orders candidates as a request asks for. */
export function rankerOf(exploration: Exploration): Ranker {
  return exploration.kind === "epsilon_greedy"
    ? epsilonGreedy(exploration.epsilon, exploration.seed)
    : plackettLuce(exploration.temperature, exploration.seed);
}

/** Options of each kind of exploration: its number, and what that must be. */
const KINDS = {
  epsilon_greedy: { option: "epsilon", wanted: "0 to 1", fits: (value: number) => value >= 0 && value <= 1 },
  plackett_luce: { option: "temperature", wanted: "above 0", fits: (value: number) => value > 0 && value < Infinity },
};

/**
 * Reads the exploration that a request asks for; without a seed it gets one, which the answer tells.
 *
 * @throws {RequestError} when it is malformed
 */
export function readExploration(value: Readonly<Record<string, unknown>>): Exploration {
  const { kind, seed = crypto.getRandomValues(new Uint32Array(1))[0] } = value;
  if (kind !== "epsilon_greedy" && kind !== "plackett_luce") {
    return refuse(`Cannot rank: kind must be "epsilon_greedy" or "plackett_luce", received ${formatValue(kind)}`);
  }
  const { option, wanted, fits } = KINDS[kind];
  const unknown = Object.keys(value).find((key) => !["kind", "seed", option].includes(key));
  if (unknown !== undefined) refuse(`Cannot rank: keys of explore are kind, ${option}, seed, received "${unknown}"`);
  const number = value[option];
  if (typeof number !== "number" || !fits(number)) {
    refuse(`Cannot rank: ${option} must be ${wanted}, received ${formatValue(number)}`);
  }
  if (!(Number.isInteger(seed) && seed as number >= 0 && seed as number < 2 ** 32)) {
    refuse(`Cannot rank: seed must be an integer in [0, 2^32), received ${formatValue(seed)}`);
  }
  return { kind, [option]: number, seed } as Exploration;
}

/**
 * Ranks candidates.
 *
 * @throws {RangeError} when the ranker names no candidate, or one twice
 */
export function rankCandidates(ranker: Ranker, scored: ScoredCandidates): Record<string, number>[] {
  const seen = new Set<number>();
  return ranker(scored).slice(0, scored.top).map(({ index, propensity }) => {
    if (!(Number.isInteger(index) && index >= 0 && index < scored.logits.length) || seen.has(index)) {
      const wanted = `each of 0 to ${scored.logits.length - 1} at most once`;
      throw new RangeError(`Cannot rank: the function of serve must name ${wanted}, received ${formatValue(index)}`);
    }
    seen.add(index);
    const ranked = { index, score: scored.scores[index], logit: scored.logits[index] };
    return propensity === undefined ? ranked : { ...ranked, propensity };
  });
}

function bestFirst(values: Float32Array | Float64Array): number[] {
  return Array.from(values.keys()).sort((a, b) => values[b] - values[a] || a - b);
}
