/**
 * A page that shows a person how a server does, and what it reads.
 *
 * The page is static and tells nothing by itself; its script asks `/v1/status` with the token that a person enters.
 *
 * @module
 */
import { VERSION } from "../version.ts";
import type { Activity, Second } from "./activity.ts";
import { type DriftMonitor, worstLevel } from "./drift.ts";
import { RequestError } from "./error.ts";
import type { RequestLog } from "./request_log.ts";
import { type Context, json, type Route } from "./route.ts";
import type { ServedModel } from "./served_model.ts";
import chart from "./status/chart.js" with { type: "text" };
import format from "./status/format.js" with { type: "text" };
import style from "./status/page.css" with { type: "text" };
import page from "./status/page.html" with { type: "text" };
import script from "./status/page.js" with { type: "text" };
import panels from "./status/panels.js" with { type: "text" };

/** What the page is made from. */
export interface StatusParts {
  /** What happened lately. */
  readonly activity: Activity;
  /** How far served rows are from those of training. */
  readonly drift: DriftMonitor;
  /** The log of served rows, if there is one. */
  readonly log: RequestLog | undefined;
}

const SECURITY = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache",
};

/** Columns of the seconds in the answer. */
const COLUMNS = ["time", "requests", "rows", "refused", "p50", "p99", "batch", "queue"] as const;

/** Returns the routes of the page. */
export function statusRoutes(parts: StatusParts): readonly Route[] {
  const startedMs = Date.now();
  const file = (path: RegExp, type: string, text: () => string | Promise<string>): Route => ({
    method: "GET",
    path,
    run: async () => new Response(await text(), { headers: { ...SECURITY, "content-type": `${type}; charset=utf-8` } }),
  });
  return [
    file(/^\/(status)?$/, "text/html", () => page),
    file(/^\/status\/page\.css$/, "text/css", () => style),
    ...Object.entries({ page: script, panels, chart, format }).map(([name, text]) =>
      file(new RegExp(`^/status/${name}\\.js$`), "text/javascript", () => text)
    ),
    file(/^\/status\/uplot\.js$/, "text/javascript", async () => (await chartLibrary()).script),
    file(/^\/status\/uplot\.css$/, "text/css", async () => (await chartLibrary()).style),
    { method: "GET", path: /^\/v1\/status$/, run: (context) => json(describeStatus(context, parts, startedMs)) },
  ];
}

/** Loads the library that draws the page's charts. */
async function chartLibrary(): Promise<{ script: string; style: string }> {
  const [script, style] = await Promise.all([
    import("npm:uplot@1.6.32/dist/uPlot.iife.min.js", { with: { type: "text" } }),
    import("npm:uplot@1.6.32/dist/uPlot.min.css", { with: { type: "text" } }),
  ]);
  return { script: script.default as unknown as string, style: style.default as unknown as string };
}

function describeStatus({ request, service, isStopping }: Context, parts: StatusParts, startedMs: number): unknown {
  const since = Number(new URL(request.url).searchParams.get("since") ?? 0);
  if (!Number.isFinite(since)) {
    throw new RequestError(400, "Cannot answer: since must be seconds since 1970");
  }
  const models = service.models.map((model) => describeModel(model, parts, since));
  return {
    version: VERSION,
    time: Date.now() / 1000,
    started: startedMs / 1000,
    stopping: isStopping,
    level: worstLevel(models.map(({ drift }) => drift.level)),
    limits: parts.drift.limits,
    columns: COLUMNS,
    models,
    log: parts.log?.counts ?? null,
  };
}

function describeModel(model: ServedModel, { activity, drift }: StatusParts, since: number) {
  const { name, version, kind, pending, trained, writtenMs } = model;
  const { rows, labelRates, latest, sampleOf } = trained ?? {};
  return {
    ...{ name, version, kind, pending },
    written: writtenMs === undefined ? null : writtenMs / 1000,
    trained: trained ? { rows, labelRates, latest, sampleOf } : null,
    recent: activity.recent(model),
    seconds: activity.seconds(model, since).map((second: Second) => COLUMNS.map((column) => second[column])),
    // JSON has null in place of numbers that are unknown.
    drift: drift.report(model),
  };
}
