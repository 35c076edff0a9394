import {
  constant,
  heNormal,
  identity,
  type Initializer,
  normal,
  ones,
  uniform,
  xavierNormal,
  xavierUniform,
  zeros,
} from "../src/initializer.ts";
import { threefry } from "../src/initializer/threefry.ts";
import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";

const INFO = { fanIn: 300, fanOut: 200, seed: 2021, name: "mlp.0.weight" };

function draw(initializer: Initializer, length: number, change: Partial<typeof INFO & { offset: number }> = {}) {
  const out = new Float32Array(length);
  initializer.fill(out, { ...INFO, ...change });
  return out;
}

/** Mean, variance, skewness and kurtosis. */
function moments(values: Float32Array): [number, number, number, number] {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const central = (power: number) => values.reduce((sum, x) => sum + (x - mean) ** power, 0) / values.length;
  const variance = central(2);
  return [mean, variance, central(3) / variance ** 1.5, central(4) / variance ** 2];
}

Deno.test("threefry gives the published words", () => {
  const block = (...words: [number, number, number, number]) => {
    const out = new Uint32Array(2);
    threefry(out, ...words);
    return [...out];
  };
  const all = 0xffffffff;
  assertEquals(block(0, 0, 0, 0), [0x6b200159, 0x99ba4efe]);
  assertEquals(block(all, all, all, all), [0x1cb996fc, 0xbb002be7]);
  assertEquals(block(0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3), [0xc4923a9c, 0x483df7a0]);
});

Deno.test("normal has the moments of a normal distribution", () => {
  const n = 400_000;
  const [mean, variance, skewness, kurtosis] = moments(draw(normal(0.01), n));
  assertAlmostEquals(mean / 0.01, 0, 4 / Math.sqrt(n));
  assertAlmostEquals(variance / 1e-4, 1, 4 * Math.sqrt(2 / n));
  assertAlmostEquals(skewness, 0, 4 * Math.sqrt(6 / n));
  assertAlmostEquals(kurtosis, 3, 4 * Math.sqrt(24 / n));
});

Deno.test("normal follows the cumulative normal distribution", () => {
  const n = 200_000;
  const values = draw(normal(1), n);
  const expected: [number, number][] = [[-2, 0.0227501], [-1, 0.1586553], [0, 0.5], [0.5, 0.6914625], [2.5, 0.9937903]];
  for (const [x, share] of expected) {
    const below = values.reduce((count, value) => count + Number(value < x), 0) / n;
    assertAlmostEquals(below, share, 4 * Math.sqrt(share * (1 - share) / n), `below ${x}`);
  }
});

Deno.test("uniform has the moments of a uniform distribution and stays inside", () => {
  const n = 400_000;
  const values = draw(uniform(-1, 3), n);
  const [mean, variance, skewness, kurtosis] = moments(values);
  assertAlmostEquals(mean, 1, 4 * Math.sqrt(16 / 12 / n));
  assertAlmostEquals(variance, 16 / 12, 0.01);
  assertAlmostEquals(skewness, 0, 0.01);
  assertAlmostEquals(kurtosis, 1.8, 0.01);
  assert(values.every((value) => value >= -1 && value <= 3));
});

Deno.test("neighbouring elements, tensors and seeds are uncorrelated", () => {
  const n = 200_000;
  const values = draw(normal(1), n);
  const correlation = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i], 0) / a.length;
  const tolerance = 4.5 / Math.sqrt(n);
  assertAlmostEquals(correlation(values.subarray(0, n - 1), values.subarray(1)), 0, tolerance);
  assertAlmostEquals(correlation(values.subarray(0, n - 16), values.subarray(16)), 0, tolerance);
  assertAlmostEquals(correlation(values, draw(normal(1), n, { name: "mlp.1.weight" })), 0, tolerance);
  assertAlmostEquals(correlation(values, draw(normal(1), n, { seed: 2022 })), 0, tolerance);
});

Deno.test("the scaled initializers use the fans of the tensor", () => {
  assertEquals(draw(xavierNormal(), 9), draw(normal(Math.sqrt(2 / 500)), 9));
  assertEquals(draw(heNormal(), 9), draw(normal(Math.sqrt(2 / 300)), 9));
  assertEquals(draw(xavierUniform(), 9), draw(uniform(-Math.sqrt(6 / 500), Math.sqrt(6 / 500)), 9));
});

Deno.test("constant, zeros and ones overwrite what was there", () => {
  for (const [initializer, value] of [[constant(0.25), 0.25], [zeros(), 0], [ones(), 1]] as const) {
    const out = new Float32Array([5, 6, 7]);
    initializer.fill(out, INFO);
    assertEquals([...out], [value, value, value]);
  }
});

Deno.test("identity has ones on the diagonal of each shape, also of a part", () => {
  assertEquals([...draw(identity(), 9, { fanOut: 3 })], [1, 0, 0, 0, 1, 0, 0, 0, 1]);
  assertEquals([...draw(identity(), 6, { fanOut: 3 })], [1, 0, 0, 0, 1, 0]);
  assertEquals([...draw(identity(), 6, { fanOut: 2 })], [1, 0, 0, 1, 0, 0]);
  assertEquals([...draw(identity(), 3, { fanOut: 3, offset: 3 })], [0, 1, 0]);
});

Deno.test("values depend on seed, name and index only", () => {
  const first = draw(normal(1), 1001);
  draw(uniform(0, 1), 77, { name: "another" });
  assertEquals(draw(normal(1), 1001), first);
  assertEquals(draw(normal(1), 500), first.slice(0, 500));
  assertNotEquals(draw(normal(1), 1001, { seed: 2022 }), first);
  assertNotEquals(draw(normal(1), 1001, { name: "mlp.0.bias" }), first);
});

Deno.test("a tensor filled part by part equals the tensor filled at once", () => {
  const whole = draw(normal(1), 100);
  for (const cut of [1, 2, 7, 50, 99]) {
    const parts = [...draw(normal(1), cut), ...draw(normal(1), 100 - cut, { offset: cut })];
    assertEquals(parts, [...whole]);
  }
  const far = 2 ** 34 + 1;
  assertEquals(draw(uniform(0, 1), 3, { offset: far }).slice(1), draw(uniform(0, 1), 2, { offset: far + 1 }));
  assertNotEquals(draw(uniform(0, 1), 2, { offset: 2 ** 33 }), draw(uniform(0, 1), 2));
});

Deno.test("known seeds keep their values", () => {
  assertEquals([...draw(normal(1), 3, { seed: 1, name: "w" })], [
    2.090064764022827,
    -0.34074223041534424,
    -0.413769006729126,
  ]);
  assertEquals([...draw(uniform(0, 1), 3, { seed: 4294967295, name: "" })], [
    0.3725796639919281,
    0.5239327549934387,
    0.18663763999938965,
  ]);
});

Deno.test("initializers are named for summaries", () => {
  const all = [normal(0.01), uniform(-1, 1), xavierNormal(), xavierUniform(), heNormal(), zeros(), ones(), constant(2)];
  assertEquals(all.map((initializer) => initializer.name), [
    "normal(0.01)",
    "uniform(-1, 1)",
    "xavierNormal",
    "xavierUniform",
    "heNormal",
    "zeros",
    "ones",
    "constant(2)",
  ]);
});

Deno.test("initializers refuse impossible options", () => {
  assertThrows(() => normal(-1), RangeError, "std must be finite and at least 0, received -1");
  assertThrows(() => normal(NaN), RangeError, "received NaN");
  assertThrows(() => uniform(1, 0), RangeError, "high must be finite and at least 1, received 0");
  assertThrows(() => constant(Infinity), RangeError, "value must be finite, received Infinity");
  assertThrows(() => draw(heNormal(), 1, { fanIn: 0 }), RangeError, "fanIn must be at least 1, received 0");
  assertThrows(
    () => draw(normal(1), 1, { seed: 1.5 }),
    RangeError,
    "seed must be an integer in [0, 2^32), received 1.5",
  );
  assertThrows(() => draw(normal(1), 1, { offset: -1 }), RangeError, "offset must be a count, received -1");
});
