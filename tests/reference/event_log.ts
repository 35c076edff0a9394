/** Histories of event logs, found by looking at all pairs of events. */
import type { Row } from "../../src/data/rows.ts";

/** What to look for. */
export interface NaiveOptions {
  maxLength: number;
  ties: "apart" | "order";
  enters: (event: Row) => boolean;
}

/** Returns, for each event, the numbers of the earlier events of its user, the oldest first. */
export function naiveHistories(events: readonly Row[], { maxLength, ties, enters }: NaiveOptions): number[][] {
  return events.map(({ user, time }, at) => {
    const earlier = events.flatMap((event, other) => {
      const before = event.time! < time! || (ties === "order" && event.time === time && other < at);
      return user && event.user === user && before && event.item && enters(event) ? [other] : [];
    });
    earlier.sort((a, b) => (events[a].time as number) - (events[b].time as number) || a - b);
    return earlier.slice(-maxLength);
  });
}
