/**
 * Estimating how likely values are from those that were seen, by one kernel for each and a wide one for the rest.
 *
 * @module
 */
import { type Distribution, drawnRange, type NumberDistribution, roundTo } from "./distribution.ts";
import { type CutNormal, density, mass, quantile } from "./normal.ts";

/** A density over the values of a parameter, in the numbers of a journal. */
export interface Estimate {
  /** Draws a value from two uniform numbers in (0, 1). */
  sample(first: number, second: number): number;
  /** The logarithm of a value's density. */
  logDensity(value: number): number;
}

/** Observations in front of the latest ones that count in full. */
const RECENT = 25;

/**
 * Fits a mixture to observed values in the order of their trials: a kernel for each, and one over the whole range, which
 * keeps every value possible.
 *
 * Bergstra, Bardenet, Bengio and Kégl: Algorithms for Hyper-Parameter Optimization, NeurIPS 2011; the widths and the
 * weights are those of Optuna.
 */
export function fitEstimate(distribution: Distribution, observed: readonly number[]): Estimate {
  const weights = [...weightsByAge(observed.length), 1];
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const shares = weights.map((weight) => weight / sum);
  return distribution.kind === "choice"
    ? fitChoices(distribution.choices.length, observed, shares)
    : fitNumbers(distribution, observed, shares);
}

/** Weights of observations, the oldest first: all but the latest 25 count the less the older they are. */
function weightsByAge(count: number): number[] {
  const old = count - RECENT;
  return Array.from({ length: count }, (_, i) => {
    if (i >= old || old === 1) return i >= old ? 1 : 1 / count;
    return 1 / count + (1 - 1 / count) * i / (old - 1);
  });
}

function fitChoices(count: number, observed: readonly number[], shares: readonly number[]): Estimate {
  const kernels = observed.length + 1;
  const probabilities = new Float64Array(count);
  shares.forEach((share, k) => {
    const seen = observed[k];
    // A kernel has 1 / kernels for each choice, and 1 more for the one that was observed.
    const total = count / kernels + (seen === undefined ? 0 : 1);
    for (let choice = 0; choice < count; choice++) {
      probabilities[choice] += share * (1 / kernels + (choice === seen ? 1 : 0)) / total;
    }
  });
  return {
    sample: (first) => pick(probabilities, first),
    logDensity: (choice) => Math.log(probabilities[choice]),
  };
}

/** Returns the place in whose share of the probabilities a uniform number falls. */
function pick(probabilities: ArrayLike<number>, uniform: number): number {
  let sum = 0;
  for (let i = 0; i < probabilities.length - 1; i++) if (uniform < (sum += probabilities[i])) return i;
  return probabilities.length - 1;
}

function fitNumbers(
  distribution: NumberDistribution,
  observed: readonly number[],
  shares: readonly number[],
): Estimate {
  const { log, step } = distribution;
  const [low, high] = drawnRange(distribution);
  const onScale = (value: number): number => log ? Math.log(value) : value;
  const kernels = makeKernels(observed.map(onScale), low, high);
  const whole = kernels.map(({ mean, deviation }) => mass((low - mean) / deviation, (high - mean) / deviation));
  const probability = ({ mean, deviation }: CutNormal, value: number): number => {
    const scaled = (x: number): number => (onScale(x) - mean) / deviation;
    return step === undefined
      ? density(scaled(value)) / deviation
      : mass(scaled(value - step / 2), scaled(value + step / 2));
  };
  return {
    sample: (first, second) => {
      const drawn = quantile(kernels[pick(shares, first)], low, high, second);
      return roundTo(distribution, log ? Math.exp(drawn) : drawn);
    },
    logDensity: (value) =>
      Math.log(kernels.reduce((sum, kernel, k) => sum + shares[k] * probability(kernel, value) / whole[k], 0)),
  };
}

/** Makes a kernel as wide as the larger of the distances to its neighbours for each number, and one over the range. */
function makeKernels(means: readonly number[], low: number, high: number): CutNormal[] {
  const width = high - low;
  const least = width / Math.min(100, means.length + 2);
  const order = means.map((_, i) => i).sort((a, b) => means[a] - means[b] || a - b);
  const deviations = new Float64Array(means.length);
  order.forEach((index, place) => {
    const below = place > 0 ? means[order[place - 1]] : undefined;
    const above = place < order.length - 1 ? means[order[place + 1]] : undefined;
    const toBelow = means[index] - (below ?? low);
    const toAbove = (above ?? high) - means[index];
    // The first and the last take the distance to their one neighbour; the ends of the range count without any.
    const isAlone = below === undefined && above === undefined;
    const distance = isAlone || (below !== undefined && above !== undefined)
      ? Math.max(toBelow, toAbove)
      : below === undefined
      ? toAbove
      : toBelow;
    deviations[index] = Math.min(width, Math.max(least, distance));
  });
  const kernels = means.map((mean, i) => ({ mean, deviation: deviations[i] }));
  return [...kernels, { mean: 0.5 * (low + high), deviation: width }];
}
