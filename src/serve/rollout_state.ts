/**
 * What a client is told about a rollout.
 *
 * @module
 */
import type { ScoreDifference } from "./comparison.ts";
import type { CanaryPlan } from "./rollout.ts";
import type { Service } from "./service.ts";
import type { Shadow } from "./shadow.ts";

/** A shadow and how its scores differ from those of the answers. */
export interface ShadowState {
  /** The version. */
  readonly version: string;
  /** Share of the requests. */
  readonly share: number;
  /** Requests that it answered as well. */
  readonly requests: number;
  /** Requests that it was not asked, since there was too much to do. */
  readonly dropped: number;
  /** Requests that it could not answer. */
  readonly errors: number;
  /** Rows that were compared. */
  readonly rows: number;
  /** How the scores differ, by task. */
  readonly tasks: Readonly<Record<string, ScoreDifference>>;
  /** Share of rankings that it would have begun with another candidate; null without rankings. */
  readonly changedTopShare: number | null;
  /** Mean time of its answers in ms, waiting included; null before the first. */
  readonly meanMs: number | null;
}

/** Which version of a model has which part. */
export interface RolloutState {
  /** Name of the model. */
  readonly model: string;
  /** Version that answers. */
  readonly live: string;
  /** Version that a rollback brings back. */
  readonly previous: string | null;
  /** Version that answers a share of the requests. */
  readonly canary: CanaryPlan | null;
  /** Version that gets copies of requests. */
  readonly shadow: ShadowState | null;
  /** Versions in memory. */
  readonly loaded: readonly string[];
  /** How the live version's columns and tasks differ from those of the version before it. */
  readonly changes: readonly string[];
}

/** Describes the rollout of a model that is served. */
export function describeRollout(service: Service, name: string): RolloutState {
  const { previous = null, canary = null, shadow, changes } = service.rolloutOf(name);
  return {
    model: name,
    live: service.find(name).version,
    previous,
    canary,
    shadow: shadow ? describeShadow(shadow) : null,
    loaded: service.versionsOf(name),
    changes,
  };
}

function describeShadow({ version, share, comparison }: Shadow): ShadowState {
  const { requests, dropped, errors, rows, differences, rankings, changedTops, ms } = comparison;
  return {
    ...{ version, share, requests, dropped, errors, rows },
    tasks: Object.fromEntries(differences),
    changedTopShare: rankings === 0 ? null : changedTops / rankings,
    meanMs: requests === 0 ? null : ms / requests,
  };
}
