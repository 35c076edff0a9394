/**
 * Options that say which version of a model gets which requests.
 *
 * @module
 */
import type { RolloutChange } from "../serve/rollout.ts";

/** Options of `weft serve` for versions. */
export const ROLLOUT_OPTIONS = {
  live: { value: "NAME=VERSION", help: "version that answers in place of the highest; may be repeated" },
  canary: {
    value: "PLAN",
    help: "NAME=VERSION:SHARE[:COLUMN]: a version that answers a share of the requests, by their\nid or by a column",
  },
  shadow: { value: "PLAN", help: "NAME=VERSION:SHARE: a version that gets copies of a share, to be compared" },
} as const;

/** What the options say. */
export interface RolloutPlans {
  /** Versions that are live, by model. */
  readonly live: ReadonlyMap<string, string>;
  /** Canary and shadow, by model. */
  readonly changes: ReadonlyMap<string, RolloutChange>;
}

/** What {@linkcode readRollouts} needs of a command's options. */
interface Given {
  texts(name: keyof typeof ROLLOUT_OPTIONS): readonly string[];
  refuse(what: string): never;
}

/** Reads the options. */
export function readRollouts(options: Given): RolloutPlans {
  const live = new Map<string, string>();
  const changes = new Map<string, RolloutChange>();
  const read = (name: keyof typeof ROLLOUT_OPTIONS, wanted: string, form: RegExp) =>
    options.texts(name).map((text) => {
      const groups = form.exec(text)?.groups;
      return groups ?? options.refuse(`option "--${name}" must be ${wanted}, received "${text}"`);
    });
  for (const { model, version } of read("live", "NAME=VERSION", /^(?<model>[^=]+)=(?<version>\d+)$/)) {
    live.set(model, version);
  }
  const add = (model: string, change: RolloutChange) => changes.set(model, { ...changes.get(model), ...change });
  const plan = /^(?<model>[^=]+)=(?<version>\d+):(?<share>[\d.]+)(?::(?<by>.+))?$/;
  for (const { model, version, share, by } of read("canary", "NAME=VERSION:SHARE[:COLUMN]", plan)) {
    add(model, { canary: { version, share: Number(share), ...(by && { by }) } });
  }
  const shadow = /^(?<model>[^=]+)=(?<version>\d+):(?<share>[\d.]+)$/;
  for (const { model, version, share } of read("shadow", "NAME=VERSION:SHARE", shadow)) {
    add(model, { shadow: { version, share: Number(share) } });
  }
  return { live, changes };
}
