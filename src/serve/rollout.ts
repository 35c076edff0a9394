/**
 * Which version of a model answers a request.
 *
 * @module
 */
import { formatValue } from "../data/format.ts";
import { unitOf } from "./digest.ts";
import { refuse } from "./error.ts";
import type { Shadow } from "./shadow.ts";

/** A version that answers a share of the requests. */
export interface CanaryPlan {
  /** The version. */
  readonly version: string;
  /** Share of the requests, in (0, 1]. */
  readonly share: number;
  /** Column whose value decides, so that one user stays on one side; the request's id where absent. */
  readonly by?: string;
}

/** A version that gets copies of a share of the requests. */
export interface ShadowPlan {
  /** The version. */
  readonly version: string;
  /** Share of the requests, in (0, 1]. */
  readonly share: number;
}

/** What is to be changed of a rollout; `null` ends it, and what is absent stays as it is. */
export interface RolloutChange {
  /** A version that answers a share of the requests. */
  readonly canary?: CanaryPlan | null;
  /** A version that gets copies of requests. */
  readonly shadow?: ShadowPlan | null;
}

/** What a request is told apart by. */
export interface RequestKey {
  /** Id that the client gave it. */
  readonly id?: string;
  /** Returns the value of a column in the first row; `undefined` where there is none. */
  readonly valueOf: (column: string) => unknown;
}

/** Versions of one model by their part. */
export class Rollout {
  /** Version that answers, where one was chosen; else the highest one does. */
  live: string | undefined;
  /** Version that answered before, which a rollback brings back. */
  previous: string | undefined;
  /** Version that answers a share of the requests. */
  canary: CanaryPlan | undefined;
  /** Version that gets copies of requests. */
  shadow: Shadow | undefined;
  /** How the live version's columns and tasks differ from those of the version before it. */
  changes: readonly string[] = [];
  #unnamed = 0;

  /** Versions that have a part. */
  get versions(): string[] {
    const all = [this.live, this.previous, this.canary?.version, this.shadow?.version];
    return all.filter((version) => version !== undefined);
  }

  /**
   * Tells whether a request is the canary's: the same answer for the same value of its column, or the same id. A larger
   * share keeps those of a smaller one. Requests with neither are numbered.
   */
  isForCanary(name: string, { id, valueOf }: RequestKey): boolean {
    if (!this.canary) return false;
    const { by, share, version } = this.canary;
    const value = by === undefined ? id : valueOf(by) ?? id;
    return unitOf(new TextEncoder().encode(`${name}/${version}/${value ?? this.#unnamed++}`)) < share;
  }
}

/**
 * Checks a share.
 *
 * @throws {RequestError} when it is not in (0, 1]
 */
export function requireShare(what: string, share: unknown): number {
  if (typeof share === "number" && share > 0 && share <= 1) return share;
  return refuse(
    `Cannot roll out: the share of the ${what} must be above 0 and at most 1, received ${formatValue(share)}`,
  );
}
