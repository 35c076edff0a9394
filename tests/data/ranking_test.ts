import { CodeJoiner, codesOf, InformationScorer } from "../../src/data/describe/information.ts";
import { describe } from "../../src/data/describe.ts";
import { randomU32 } from "../../src/data/random.ts";
import { categorical, numeric } from "../../src/data/schema.ts";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import golden from "../golden/outrank.json" with { type: "json" };
import { correctedInformation } from "../reference/information.ts";

Deno.test("what columns say of labels agrees with OutRank", () => {
  const columns: Record<string, number[]> = golden.columns;
  const labels: Record<string, number[]> = golden.labels;
  for (const { label, column, corrected, plain, diagonal } of golden.scores) {
    const classes = new Set(labels[label]).size;
    const score = new InformationScorer(Uint8Array.from(labels[label]), classes).score(codesOf(columns[column]));
    assertAlmostEquals(score.plain, plain, 1e-10);
    // OutRank leaves the correction out where a column is the label itself.
    if (!diagonal) assertAlmostEquals(score.corrected, corrected, 1e-10);
  }
});

Deno.test("joined columns have a code for each pair, and score as loops over all rows do", () => {
  const [a, b] = [0, 1].map((seed) => Array.from({ length: 700 }, (_, row) => randomU32(seed, row) % (seed ? 40 : 9)));
  const labels = a.map((value, row) => +((value ^ b[row]) % 3 === 0));
  const { codes, values } = new CodeJoiner().join(codesOf(a), codesOf(b));
  const pairs = a.map((value, row) => `${value},${b[row]}`);
  assertEquals(values, new Set(pairs).size);
  assertEquals(new Set(pairs.map((pair, row) => `${pair}:${codes[row]}`)).size, values);
  assertAlmostEquals(
    new InformationScorer(Uint8Array.from(labels)).score({ codes, values }).corrected,
    correctedInformation([...codes], labels),
    1e-12,
  );
});

/** A label that is the parity of three fields, and depends a little on a number and on a field of many values. */
const ROWS = Array.from({ length: 6000 }, (_, r) => {
  const [x, y, z] = [0, 1, 2].map((k) => randomU32(k, r) % 2);
  const price = randomU32(3, r) % 1000;
  const click = randomU32(4, r) % 10 < 2 ? +(price > 800) : x ^ y ^ z;
  return { click, x: `x${x}`, y: `y${y}`, z: `z${z}`, price, id: `id${randomU32(5, r) % 2000}`, pair: `${x}${y}` };
});
const NAMES = ["x", "y", "z", "id", "pair"];
const SCHEMA = { label: "click", features: [...NAMES.map((name) => categorical(name)), numeric("price")] };

Deno.test("a ranking finds the fields that only tell together, and no field for its many values", async () => {
  const { ranking } = await describe(ROWS, SCHEMA, { rank: 3, top: 3 });
  const { rows, single, pairs, triples } = ranking!;
  assertEquals([rows, single.length, pairs!.length, triples!.length], [6000, 6, 3, 3]);
  assertEquals(single[0].fields, ["price"]);
  // Over 2,000 values, the plain information of noise is 0.2 nats.
  assert(Math.abs(single.find(({ fields: [name] }) => name === "id")!.score) < 0.02);
  assertEquals(pairs![0].fields, ["z", "pair"]);
  assertEquals(triples![0].fields, ["x", "y", "z"]);
  assert(triples![0].gain! > 0.2, `x, y and z say ${triples![0].gain} together`);
  assertEquals((await describe(ROWS, SCHEMA, { rank: 1 })).ranking!.pairs, undefined);
  assertEquals((await describe(ROWS, SCHEMA)).ranking, undefined);
  await assertRejects(() => describe(ROWS, SCHEMA, { rank: 4 }), RangeError, "rank must be 0, 1, 2 or 3, received 4");
});
