/** Histories cut into sessions. */

/** Sizes of sessions. */
export interface SessionSizes {
  /** Most sessions, the latest. */
  sessions: number;
  /** Most places of a session, the latest. */
  size: number;
}

/** Returns the places of the latest runs of equal rows, the latest places of each. */
export function sessionsOf(rows: readonly number[], { sessions, size }: SessionSizes): number[][] {
  const runs: number[][] = [];
  rows.forEach((row, t) => {
    if (t > 0 && rows[t - 1] === row) runs.at(-1)!.push(t);
    else runs.push([t]);
  });
  return runs.slice(-sessions).map((run) => run.slice(-size));
}

/** Returns the places cut into runs of `size`, the oldest first. */
export function piecesOf(places: number, size: number): number[][] {
  return Array.from(
    { length: Math.ceil(places / size) },
    (_, s) => Array.from({ length: Math.min(size, places - s * size) }, (_, t) => s * size + t),
  );
}
