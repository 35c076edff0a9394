import { Graph } from "../../../src/graph/graph.ts";
import { cutBatch } from "../../../src/ops/embedding/batch.ts";
import { KEPT, substituteUnseen } from "../../../src/ops/embedding/unseen.ts";
import { assert, assertEquals } from "@std/assert";
import { run } from "../../run.ts";
import { step } from "../../support.ts";

const [FIELDS, BATCH, ROWS, FIRST] = [11, 500, 480, 7];

/** Rows that replace those of each field: two, one, or none. */
const SUBSTITUTES = Uint32Array.from({ length: 2 * FIELDS }, (_, i) => {
  const field = Math.floor(i / 2);
  return field === 4 ? KEPT : 1_000_000 + (field === 2 ? 99 : i);
});

const ids = Uint32Array.from({ length: FIELDS * (FIRST + BATCH) }, (_, i) => i);

async function cutOnDevice(share: number, index: number, seed: number): Promise<Uint32Array> {
  const graph = new Graph("train");
  const capacity = FIRST + BATCH;
  const rows = graph.input("substitutes", [FIELDS, 2], "u32");
  const data = {
    ids: graph.input("ids", [FIELDS, capacity], "u32"),
    order: graph.input("order", [capacity], "u32"),
  };
  const cut = cutBatch(data, FIELDS, capacity, { rows, share });
  const order = Uint32Array.from({ length: capacity }, (_, i) => i);
  const [bytes] = await run([cut.ids], {
    batch: BATCH,
    steps: [step(ROWS, { first: FIRST, index, seed })],
    inputs: { ids, order, substitutes: SUBSTITUTES },
  });
  return new Uint32Array(bytes);
}

function cutOnHost(share: number, index: number, seed: number): Uint32Array {
  const batch = Uint32Array.from({ length: FIELDS * BATCH }, (_, o) => {
    const [field, b] = [Math.floor(o / BATCH), o % BATCH];
    return b < ROWS ? ids[field * (FIRST + BATCH) + FIRST + b] : 0;
  });
  substituteUnseen(batch, BATCH, SUBSTITUTES, share, { index, seed, rows: ROWS });
  return batch;
}

Deno.test("the device and the host replace the same occurrences by the same rows", async () => {
  for (const [share, index, seed] of [[0.01, 1, 1], [0.2, 9, 1], [0.5, 4_000_000, 4_294_967_295]]) {
    assertEquals(await cutOnDevice(share, index, seed), cutOnHost(share, index, seed));
  }
});

Deno.test("replaced occurrences have the share asked for, in rows that lose any number of them", () => {
  const share = 0.05;
  let replaced = 0;
  const rowsByCount = new Array(FIELDS + 1).fill(0);
  const targets = new Set<number>();
  const steps = 200;
  for (let index = 1; index <= steps; index++) {
    const batch = cutOnHost(share, index, 3);
    for (let b = 0; b < ROWS; b++) {
      let count = 0;
      for (let f = 0; f < FIELDS; f++) {
        const id = batch[f * BATCH + b];
        if (id >= 1_000_000) (count++, targets.add(id));
      }
      replaced += count;
      rowsByCount[count]++;
    }
  }
  const occurrences = steps * ROWS * (FIELDS - 1);
  assert(Math.abs(replaced / occurrences - share) < 0.003, `${replaced / occurrences}`);
  // Each number of replaced occurrences is as likely as the others among the chosen rows.
  const expected = 2 * share * steps * ROWS / FIELDS;
  for (let count = 1; count < FIELDS; count++) {
    assert(Math.abs(rowsByCount[count] / expected - 1) < 0.2, `${rowsByCount[count]} rows with ${count} replaced`);
  }
  // Both rows of a field occur; field 2 has one, field 4 none.
  assertEquals(targets.size, 2 * FIELDS - 3);
});
