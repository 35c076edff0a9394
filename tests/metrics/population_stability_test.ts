import { populationStability, rateInterval } from "../../src/metrics.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";

const golden = JSON.parse(
  await Deno.readTextFile(new URL("../golden/population_stability.json", import.meta.url)),
);

Deno.test("population stability agrees with the golden file, of numbers and of categories", () => {
  const countsOf = (values: readonly number[]): number[] => {
    const counts = new Array<number>(golden.edges.length + 1).fill(0);
    for (const value of values) counts[golden.edges.filter((edge: number) => edge < value).length]++;
    return counts;
  };
  const [reference, current] = [countsOf(golden.reference_values), countsOf(golden.current_values)];
  assertEquals([reference, current], [golden.counts_reference, golden.counts_current]);
  assertAlmostEquals(populationStability(reference, current), golden.psi, 1e-6);
  assertEquals(populationStability(reference, reference), golden.psi_with_itself);
  const { counts_reference, counts_current, psi } = golden.categories;
  assertAlmostEquals(populationStability(counts_reference, counts_current), psi, 1e-6);
});

Deno.test("population stability of empty populations is none, and bins must agree", () => {
  assertEquals([populationStability([0, 0], [1, 2]), populationStability([1, 2], [0, 0])], [NaN, NaN]);
  assertThrows(() => populationStability([1], [1, 2]), TypeError, "there must be 1 bins, received 2");
});

Deno.test("the interval of a rate stays within 0 and 1 and narrows with rows", () => {
  assertEquals(rateInterval(0, 0), [0, 1]);
  assertEquals([rateInterval(0, 5)[0], rateInterval(5, 5)[1]], [0, 1]);
  const [low, high] = rateInterval(200, 1000);
  assert(low > 0.175 && high < 0.227, `${low} ${high}`);
});
