/**
 * Addresses for rolling versions of a model out and back.
 *
 * @module
 */
import { formatValue } from "../data/format.ts";
import { refuse, RequestError } from "./error.ts";
import { objectOf, parseJson } from "./infer.ts";
import type { CanaryPlan, ShadowPlan } from "./rollout.ts";
import type { RolloutState } from "./rollout_state.ts";
import type { Rollouts } from "./rollouts.ts";
import { type Context, json, type Route } from "./route.ts";

const MODEL = "/v1/models/(?<model>[^/:]+)";

type Body = Readonly<Record<string, unknown>>;

/** Returns the routes; without rollouts, what is served cannot be changed. */
export function rolloutRoutes(rollouts: Rollouts | undefined): readonly Route[] {
  const route = (
    method: Route["method"],
    end: string,
    keys: readonly string[],
    work: (rollouts: Rollouts, name: string, body: Body) => RolloutState | Promise<RolloutState>,
  ): Route => ({
    method,
    path: new RegExp(`^${MODEL}/${end}$`),
    run: async ({ body, parts, service }: Context) => {
      const bytes = await body();
      const parsed = bytes.length > 0 ? objectOf("the body", parseJson(bytes)) : {};
      requireKeys("the body", parsed, keys);
      if (!rollouts) {
        throw new RequestError(400, "Cannot roll out: the server was started for one version of its model");
      }
      return json(await work(rollouts, service.find(parts.model).name, parsed));
    },
  });
  return [
    route("GET", "rollout", [], (rollouts, name) => rollouts.state(name)),
    route("POST", "rollout", ["canary", "shadow"], (rollouts, name, { canary, shadow }) => {
      return rollouts.change(name, {
        canary: readPlan("canary", canary, ["version", "share", "by"]),
        shadow: readPlan("shadow", shadow, ["version", "share"]),
      });
    }),
    route("POST", "promote", ["version"], (rollouts, name, { version }) => {
      return rollouts.promote(name, version === undefined ? undefined : versionOf("version", version));
    }),
    route("POST", "rollback", [], (rollouts, name) => rollouts.rollback(name)),
  ];
}

function requireKeys(what: string, value: Body, keys: readonly string[]): void {
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown === undefined) return;
  refuse(`Cannot read the request: keys of ${what} are ${keys.join(", ") || "none"}, received ${formatValue(unknown)}`);
}

function versionOf(what: string, value: unknown): string {
  if (typeof value === "string" && /^\d{1,15}$/.test(value)) return value;
  return refuse(`Cannot read the request: ${what} must be decimal digits in quotes, received ${formatValue(value)}`);
}

/** Reads a plan; its share is checked where it is carried out. */
function readPlan<P extends CanaryPlan | ShadowPlan>(
  part: string,
  value: unknown,
  keys: readonly string[],
): P | null | undefined {
  if (value === undefined || value === null) return value;
  const plan = objectOf(part, value);
  requireKeys(part, plan, keys);
  const { by } = plan;
  if (by !== undefined && typeof by !== "string") {
    refuse(`Cannot read the request: by of ${part} must be the name of a column, received ${formatValue(by)}`);
  }
  return { ...plan, version: versionOf(`version of ${part}`, plan.version) } as P;
}
