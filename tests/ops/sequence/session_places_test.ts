import { sessionPlaces } from "../../../src/ops/sequence/session_places.ts";
import { takePlaces } from "../../../src/ops/sequence/take_places.ts";
import { poolHistory } from "../../../src/ops/sequence/pooling.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { assertThrows } from "@std/assert";
import { drawLengths } from "../../reference/history.ts";
import { type SessionSizes, sessionsOf } from "../../reference/sessions.ts";
import { checkOp } from "../../support.ts";

const WIDTH = 3;
const SIZES = [[1, 1, 1, 1], [37, 9, 3, 2], [9, 20, 2, 4], [5, 6, 8, 7]];

/** Puts the items of each session beside each other, zeros where it has fewer. */
function taken(
  { batch, places, sessions, size }: SessionSizes & { batch: number; places: number },
  { x, ids, lengths }: Record<string, Float64Array>,
): Float64Array {
  const y = new Float64Array(batch * sessions * size * WIDTH);
  for (let b = 0; b < batch; b++) {
    const rows = Array.from({ length: lengths[b] }, (_, t) => ids[(2 * t + 1) * batch + b]);
    for (const [s, session] of sessionsOf(rows, { sessions, size }).entries()) {
      for (const [i, t] of session.entries()) {
        const first = (b * places + t) * WIDTH;
        y.set(x.subarray(first, first + WIDTH), ((b * sessions + s) * size + i) * WIDTH);
      }
    }
  }
  return y;
}

for (const [batch, places, sessions, size] of SIZES) {
  const attributes = { sessions, size, member: 1, members: 2 };
  const run = {
    inputs: { x: ["B", places, WIDTH] as const, ids: [2 * places, "B"] as const, lengths: ["B"] as const },
    ...{ integers: ["ids", "lengths"], batch },
    prepare: {
      lengths: drawLengths(places),
      ids: (values: Float64Array) => values.map((value) => Math.floor(1.5 * (value + 1))),
    },
  };
  const sizes = { batch, places, sessions, size };
  Deno.test(`${sessions} sessions of ${size} places of a history [${batch}, ${places}] match their reference`, () =>
    checkOp({
      ...run,
      build: ({ x, ids, lengths }) => takePlaces(x, sessionPlaces(ids, lengths, attributes)),
      reference: (values) => taken(sizes, values),
    }));
  Deno.test(`${sessions} sessions of ${size} places of a history [${batch}, ${places}] are counted`, () =>
    checkOp({
      ...run,
      build: ({ x, ids, lengths }) => {
        const chosen = sessionPlaces(ids, lengths, attributes);
        const means = poolHistory(takePlaces(x, chosen), chosen.counts, "mean"); // [B, S, N]
        return poolHistory(means, chosen.sessions, "mean");
      },
      reference: ({ x, ids, lengths }) =>
        Float64Array.from({ length: batch * WIDTH }, (_, i) => {
          const [b, n] = [Math.floor(i / WIDTH), i % WIDTH];
          const rows = Array.from({ length: lengths[b] }, (_, t) => ids[(2 * t + 1) * batch + b]);
          const cut = sessionsOf(rows, { sessions, size });
          const means = cut.map((session) =>
            session.reduce((sum, t) => sum + x[(b * places + t) * WIDTH + n], 0) / session.length
          );
          return means.reduce((sum, mean) => sum + mean, 0) / Math.max(1, means.length);
        }),
    }));
}

Deno.test("sessions refuse what does not fit", () => {
  const graph = new Graph("train");
  const [ids, lengths] = [graph.input("ids", [6, "B"], "u32"), graph.input("lengths", ["B"], "u32")];
  const sizes = { sessions: 2, size: 3, member: 0, members: 2 };
  assertThrows(() => sessionPlaces(lengths, lengths, sizes), TypeError, "rows of a history must have shape");
  assertThrows(() => sessionPlaces(ids, ids, sizes), TypeError, "lengths must have shape [B] and type u32");
  assertThrows(() => sessionPlaces(ids, lengths, { ...sizes, size: 0 }), RangeError, "size must be a positive integer");
  assertThrows(() => sessionPlaces(ids, lengths, { ...sizes, member: 2 }), RangeError, "one of 2, received number 2");
});
