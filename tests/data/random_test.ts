import { randomNormal, randomU32, randomU32By, randomUnit, Shuffle, shuffled } from "../../src/data/random.ts";
import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";

Deno.test("random bits depend on the seed and on each counter", () => {
  const draws = [[1], [2], [1, 1], [1, 0, 1], [1, 0, 0, 1]].map(([seed, a, b, c]) => randomU32(seed, a, b, c));
  assertEquals(new Set(draws).size, draws.length);
  assertEquals(randomU32(1, 2, 3, 4), randomU32(1, 2, 3, 4));
});

Deno.test("random bits are the same on every machine", () => {
  assertEquals([randomU32(0), randomU32(1, 2, 3, 4), randomU32(2 ** 32 - 1, 2 ** 32 - 1)], [
    1160437359,
    1064559509,
    1736801337,
  ]);
});

Deno.test("random units have the mean and spread of a uniform draw", () => {
  let [sum, squares] = [0, 0];
  const buckets = new Array(16).fill(0);
  for (let i = 0; i < 100_000; i++) {
    const u = randomUnit(3, i);
    assert(u > 0 && u < 1);
    sum += u;
    squares += u * u;
    buckets[Math.floor(u * 16)]++;
  }
  assertAlmostEquals(sum / 1e5, 1 / 2, 0.004);
  assertAlmostEquals(squares / 1e5, 1 / 3, 0.004);
  const expected = 1e5 / 16;
  const chiSquare = buckets.reduce((total, count) => total + (count - expected) ** 2 / expected, 0);
  assert(chiSquare < 37.7, `chi-square with 15 degrees of freedom is ${chiSquare}, 0.1% lies above 37.7`);
});

Deno.test("random normals have mean 0 and variance 1", () => {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < 50_000; i++) {
    const z = randomNormal(5, 1, 2, i);
    sum += z;
    squares += z * z;
  }
  assertAlmostEquals(sum / 5e4, 0, 0.02);
  assertAlmostEquals(squares / 5e4, 1, 0.03);
});

Deno.test("a shuffle is a permutation that depends on seed and epoch only", () => {
  const order = shuffled(1000, 7, 3);
  assertEquals([...order].sort((a, b) => a - b), Array.from({ length: 1000 }, (_, i) => i));
  assertEquals(shuffled(1000, 7, 3), order);
  assertNotEquals(shuffled(1000, 7, 4), order);
  assertNotEquals(shuffled(1000, 8, 3), order);
  assertEquals([...shuffled(0, 1)], []);
  assertEquals([...shuffled(1, 1)], [0]);
});

Deno.test("a shuffle puts every element in every place about equally often", () => {
  const counts = new Array(16).fill(0);
  for (let epoch = 0; epoch < 8000; epoch++) shuffled(4, 1, epoch).forEach((item, place) => counts[item * 4 + place]++);
  for (const count of counts) assertAlmostEquals(count, 2000, 200);
});

Deno.test("a shuffle refuses a seed that is no 32-bit integer", () => {
  assertThrows(() => shuffled(3, 1.5), RangeError, "seed must be an integer in [0, 2^32), received 1.5");
  assertThrows(() => shuffled(-1, 0), RangeError, "length");
});

Deno.test("an order that is drawn little by little is the one that is drawn at once", () => {
  for (const pieces of [[1], [3, 4, 5], [100], [99, 1], []]) {
    const shuffle = new Shuffle(100, 7, 3);
    for (const count of pieces) shuffle.advance(count);
    assertEquals(shuffle.finish(), shuffled(100, 7, 3));
  }
  assertEquals(new Shuffle(0, 1).finish(), new Uint32Array());
});

Deno.test("a draw by its third counter is the draw of all counters", () => {
  for (const [seed, a, b] of [[1, 0, 0], [7, 3, 2 ** 32 - 1]]) {
    const draw = randomU32By(seed, a, b);
    for (const c of [0, 1, 99, 2 ** 32 - 1]) assertEquals(draw(c), randomU32(seed, a, b, c));
  }
});
