/**
 * What tables and pages tell of a described field, in words.
 *
 * @module
 */
import type { FieldDescription } from "./field.ts";

/** Names what to know before training. */
export function warningsOf({ warnings, sameAs, malformed }: FieldDescription): string {
  return warnings.map((warning) => {
    if (warning === "duplicate") return `same as ${sameAs}`;
    return warning === "malformed" ? `${malformed.toLocaleString("en-US")} no numbers` : warning;
  }).join(", ");
}

/** Returns the largest index of drift, NaN where there is none; JSON has null for one that is no number. */
export function worstDrift({ drift }: { readonly drift: readonly (number | null)[] }): number {
  const known = drift.filter((index) => index !== null && !Number.isNaN(index)) as number[];
  return known.length > 0 ? Math.max(...known) : NaN;
}
