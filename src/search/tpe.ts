/**
 * Choosing parameters that are more likely among good trials than among others.
 *
 * @module
 */
import { isSingle, toInternal, toValue, type Value } from "./distribution.ts";
import { fitEstimate } from "./parzen.ts";
import { type Draw, drawEvenly, sampleEach, type Sampler } from "./sampler.ts";
import type { Parameter } from "./space.ts";
import { byValue, lastEpoch, type StudyView, type TrialRecord } from "./study.ts";

/** Options of {@linkcode tpe}. */
export interface TpeOptions {
  /** Trials that are drawn at random first. @default {10} */
  startupTrials?: number;
  /** Values that are drawn of each parameter, of which the most promising one is taken. @default {24} */
  candidates?: number;
}

/**
 * Makes a sampler that estimates two densities of each parameter by itself, l over the best tenth of the trials, 25 at
 * most, and g over the others, and takes the candidate x from l whose l(x) / g(x) is largest. Trials that run count as
 * bad ones, so that parallel trials keep apart (the constant liar). Pruned trials come behind those that are complete,
 * the further they came the better.
 *
 * Bergstra, Bardenet, Bengio and Kégl: Algorithms for Hyper-Parameter Optimization, NeurIPS 2011.
 *
 * @throws {RangeError} when a number is no positive integer
 */
export function tpe({ startupTrials = 10, candidates = 24 }: TpeOptions = {}): Sampler {
  for (const [name, value] of Object.entries({ startupTrials, candidates })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`Cannot make tpe: ${name} must be an integer from 1, received ${value}`);
    }
  }
  return {
    settings: { name: "tpe", startupTrials, candidates },
    count: (_, most) => most,
    sample: (request) => {
      const trials = request.study.trials.filter(({ number }) => number < request.number);
      const ended = trials.filter(({ state }) => state === "COMPLETE" || state === "PRUNED");
      if (ended.length < startupTrials) {
        return sampleEach(request, ({ distribution }, draw) => drawEvenly(distribution, draw(0)));
      }
      const groups = divide({ ...request.study, direction: request.study.direction, trials });
      return sampleEach(request, (parameter, draw) => choose(parameter, groups, candidates, draw));
    },
  };
}

/** Trials, the best ones and the others, each in the order of their numbers. */
interface Groups {
  readonly good: readonly TrialRecord[];
  readonly others: readonly TrialRecord[];
}

function divide({ direction, trials }: StudyView): Groups {
  const compare = byValue(direction);
  const complete = trials.filter(({ state }) => state === "COMPLETE").sort((a, b) => compare(a.value!, b.value!));
  const pruned = trials.filter(({ state }) => state === "PRUNED").sort((a, b) =>
    lastEpoch(b) - lastEpoch(a) || compare(a.reports.get(lastEpoch(a))!, b.reports.get(lastEpoch(b))!)
  );
  const running = trials.filter(({ state }) => state === "RUNNING");
  const ended = [...complete, ...pruned];
  const count = Math.min(25, Math.ceil(0.1 * ended.length));
  const inOrder = (group: TrialRecord[]): TrialRecord[] => group.sort((a, b) => a.number - b.number);
  return { good: inOrder(ended.slice(0, count)), others: inOrder([...ended.slice(count), ...running]) };
}

function choose({ name, distribution }: Parameter, { good, others }: Groups, candidates: number, draw: Draw): Value {
  if (isSingle(distribution)) return drawEvenly(distribution, draw(0));
  const observed = (group: readonly TrialRecord[]): number[] =>
    group.filter(({ params }) => Object.hasOwn(params, name)).map(({ params }) =>
      toInternal(distribution, params[name])
    );
  const likely = fitEstimate(distribution, observed(good));
  const unlikely = fitEstimate(distribution, observed(others));
  let best = NaN;
  let most = -Infinity;
  for (let i = 0; i < candidates; i++) {
    const candidate = likely.sample(draw(2 * i), draw(2 * i + 1));
    const gain = likely.logDensity(candidate) - unlikely.logDensity(candidate);
    if (Number.isNaN(best) || gain > most) [best, most] = [candidate, gain];
  }
  return toValue(distribution, best);
}
