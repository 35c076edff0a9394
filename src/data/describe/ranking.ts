/**
 * Ranking fields, and pairs and triples of them, by what they say of the label.
 *
 * @module
 */
import { findBucket, fitEdges } from "../scaling.ts";
import type { Feature } from "../schema.ts";
import { BATCH_ROWS, CodeJoiner, type Codes, codesOf, InformationScorer } from "./information.ts";
import type { RowSample } from "./row_sample.ts";

/** Batches that a ranking looks at, at most. */
const BATCHES = 8;

/** Rows that a ranking looks at, at most. */
export const RANKED_ROWS = BATCHES * BATCH_ROWS;

/** Quantile buckets that numbers are cut into, since few of them occur twice. */
const BUCKETS = 32;

/** What a field, or some fields together, say of the label. */
export interface RankedFields {
  /** Names of the fields. */
  readonly fields: readonly string[];
  /** Information in nats above that of a column with as many values that says nothing. */
  readonly score: number;
  /**
   * Score above the sum of its parts' scores: what a model without crosses cannot add up. Of a triple, the parts are a pair
   * and a field, or three fields, whichever say most. Absent for a single field.
   */
  readonly gain?: number;
}

/** The fields, pairs and triples of a data set. */
export interface Ranking {
  /** Rows that were looked at. */
  readonly rows: number;
  /** Fields by falling score. */
  readonly single: readonly RankedFields[];
  /** Pairs by falling gain, where they were asked for. */
  readonly pairs?: readonly RankedFields[];
  /** Triples by falling gain, where they were asked for. */
  readonly triples?: readonly RankedFields[];
}

/** Scores by the places of the fields, such as `0`, `0,2` and `0,2,5`. */
type Scores = Map<string, number>;

/**
 * Ranks fields by the mean over batches of {@linkcode Information.corrected}.
 *
 * @param order 1 for fields, 2 for pairs too, 3 for triples too
 * @param top how many pairs and triples are told
 */
export function rankFields(
  features: readonly Feature[],
  sample: RowSample,
  order: number,
  top: number,
): Ranking {
  sample.shuffle();
  // Batches of one size: the score of a column depends on how often its values repeat.
  const size = Math.min(sample.rows, BATCH_ROWS);
  const batches = Math.floor(sample.rows / size);
  const scores: Scores = new Map();
  for (let batch = 0; batch < batches; batch++) {
    const [start, end] = [batch * size, (batch + 1) * size];
    const columns = features.map((feature, f) => {
      const column = sample.column(f, start, end);
      return codesOf(feature.kind === "numeric" ? bucketsOf(column) : column);
    });
    scoreBatch(columns, new InformationScorer(sample.labels(start, end)), order, scores);
  }
  for (const [key, sum] of scores) scores.set(key, sum / batches);
  const ranked = listScores(features, scores);
  const best = (count: number): RankedFields[] =>
    ranked.filter(({ fields }) => fields.length === count).sort((a, b) => b.gain! - a.gain!).slice(0, top);
  return {
    rows: batches * size,
    single: ranked.filter(({ fields }) => fields.length === 1).sort((a, b) => b.score - a.score),
    ...(order >= 2 && { pairs: best(2) }),
    ...(order >= 3 && { triples: best(3) }),
  };
}

/** Adds the scores of a batch to those of others. */
function scoreBatch(columns: readonly Codes[], scorer: InformationScorer, order: number, scores: Scores): void {
  const joiner = new CodeJoiner();
  const visit = (places: readonly number[], column: Codes): void => {
    const key = places.join();
    scores.set(key, (scores.get(key) ?? 0) + scorer.score(column).corrected);
    if (places.length === order) return;
    for (let next = places[places.length - 1] + 1; next < columns.length; next++) {
      visit([...places, next], joiner.join(column, columns[next]));
    }
  };
  columns.forEach((column, f) => visit([f], column));
}

function listScores(features: readonly Feature[], scores: Scores): RankedFields[] {
  return [...scores].map(([key, score]) => {
    const places = key.split(",");
    const fields = places.map((place) => features[Number(place)].name);
    if (places.length === 1) return { fields, score };
    return { fields, score, gain: score - scoreOfParts(places, scores) };
  });
}

/** Returns the largest sum of scores of fewer fields that make up these. */
function scoreOfParts(places: readonly string[], scores: Scores): number {
  const alone = places.map((place) => scores.get(place)!);
  const apart = alone.reduce((sum, score) => sum + score, 0);
  if (places.length === 2) return apart;
  const pairs = alone.map((score, k) => score + scores.get(places.filter((_, other) => other !== k).join())!);
  return Math.max(apart, ...pairs);
}

/** Numbers of the buckets that numbers fall into; missing ones keep a bucket of their own. */
function bucketsOf(numbers: Float64Array): Float64Array {
  const edges = fitEdges(BUCKETS, numbers);
  return numbers.map((x) => Number.isNaN(x) ? NaN : findBucket(edges, x));
}
