import { Graph } from "../../../src/graph/graph.ts";
import { drawRows } from "../../../src/ops/embedding/draw_rows.ts";
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { run } from "../../run.ts";
import { step } from "../../support.ts";

const ABSENT = 0xffffffff;
const [PLACES, MEMBERS, BATCH] = [20, 2, 500];
const RANGES = [{ first: 1, rows: 9 }, { first: 100, rows: 1 }];

/** Every third row of the batch has no history, and those after have one of half the places. */
const known = Uint32Array.from({ length: PLACES * MEMBERS * BATCH }, (_, i) => {
  const [t, b] = [Math.floor(i / BATCH / MEMBERS), i % BATCH];
  return b % 3 === 0 || (b % 3 === 1 && t >= PLACES / 2) ? ABSENT : 7;
});

async function draw(index: number, seed: number, salt = 3): Promise<Uint32Array> {
  const ids = new Graph("train").input("ids", [PLACES * MEMBERS, "B"], "u32");
  const [bytes] = await run([drawRows(ids, RANGES, salt)], {
    batch: BATCH,
    steps: [step(BATCH, { index, seed })],
    inputs: { ids: known },
  });
  return new Uint32Array(bytes);
}

Deno.test("drawn rows are those of their sequence, evenly, where the history has a place", async () => {
  const rows = await draw(5, 1);
  const counts = new Array(9).fill(0);
  rows.forEach((row, i) => {
    const member = Math.floor(i / BATCH) % MEMBERS;
    if (known[i] === ABSENT) assertEquals(row, ABSENT);
    else if (member === 1) assertEquals(row, 100);
    else counts[row - 1]++;
  });
  const drawn = counts.reduce((sum, count) => sum + count, 0);
  assertEquals(drawn, known.filter((row) => row !== ABSENT).length / MEMBERS);
  const expected = drawn / 9;
  for (const count of counts) assert(Math.abs(count - expected) < 5 * Math.sqrt(expected), `${counts}`);
});

Deno.test("the same step draws the same rows; another step, seed or layer others", async () => {
  const first = await draw(5, 1);
  assertEquals(await draw(5, 1), first);
  assertNotEquals(await draw(6, 1), first);
  assertNotEquals(await draw(5, 2), first);
  assertNotEquals(await draw(5, 1, 4), first);
});

Deno.test("drawing rows refuses ids of another shape", () => {
  const graph = new Graph("train");
  assertThrows(
    () => drawRows(graph.input("ids", [3, "B"], "u32"), RANGES, 1),
    TypeError,
    "ids must have shape [2 L, B] and type u32, received [3, B] u32",
  );
});
