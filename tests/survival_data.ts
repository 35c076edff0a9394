/** Planted lifetimes of ad creatives whose hazards depend on fields. */
import { randomUnit } from "../src/data/random.ts";
import { readRows } from "../src/data/rows.ts";
import { categorical, type Schema } from "../src/data/schema.ts";
import type { Dataset } from "../src/data/dataset.ts";
import type { FittedSchema } from "../src/data/fitted_schema.ts";

/** Ends of the intervals, in days. */
export const ENDS = { short: [0, 1, 2, 4, 7], long: [0, 4, 10, 30, 60] };

/** A schema of creatives; the weight is their click rate. */
export const CREATIVES: Schema = {
  survival: { time: "days", event: "stopped", weight: "ctr", heads: ENDS },
  features: [categorical("format"), categorical("topic"), categorical("market")],
};

/** Planted creatives with the risks that their lifetimes were drawn from. */
export interface Creatives {
  readonly data: Dataset;
  /** Logarithm of the rate at which each creative ends. */
  readonly risks: Float64Array;
}

/**
 * Draws lifetimes from exponential distributions whose rate depends on format and topic together and on the market, and
 * censors them at times drawn apart. Markets where creatives end sooner opened later, so that fewer ends were seen there.
 */
export function drawCreatives(
  rows: number,
  seed: number,
  { schema = CREATIVES, censored = true }: { schema?: Schema | FittedSchema; censored?: boolean } = {},
): Creatives {
  // Of the generator of one cycle in support.ts, columns would depend on one another.
  const random = Array.from(
    { length: 5 },
    (_, i) => Float64Array.from({ length: rows }, (_, r) => randomUnit(seed, i, r)),
  );
  const risks = new Float64Array(rows);
  const lines = Array.from({ length: rows }, (_, r) => {
    const [format, topic, market] = [6, 8, 5].map((size, f) => Math.floor(size * random[f][r]));
    risks[r] = -6.2 + 1.4 * Math.sin(2.1 * format + 1.3 * topic + format * topic) + 0.9 * market;
    const lasts = -Math.log1p(-random[3][r]) / Math.exp(risks[r]);
    const seen = censored ? 200 * (0.3 + 0.7 * random[4][r]) / 2 ** market : Infinity;
    return {
      format: `f${format}`,
      topic: `t${topic}`,
      market: `m${market}`,
      days: Math.min(lasts, seen),
      stopped: Number(lasts <= seen),
      ctr: 0.05 + 0.1 * random[0][r],
    };
  });
  return { data: readRows(lines, schema, { labeled: true, unknown: "ignore" }), risks };
}
