import { describeNotFinite, findNotFinite } from "../../src/checkpoint/finite.ts";
import { assertEquals } from "@std/assert";

Deno.test("findNotFinite names the first tensor, index and number", () => {
  const data = new Float32Array(24);
  const good = { shape: [2, 3, 4], data };
  assertEquals(findNotFinite({ b: good, a: { shape: [], data: new Uint32Array([1]) } }), undefined);
  const bad = data.slice();
  [bad[17], bad[20]] = [-Infinity, NaN];
  const found = findNotFinite({ z: { shape: [24], data: bad }, b: { shape: [2, 3, 4], data: bad }, a: good });
  assertEquals(found, { tensor: "b", index: [1, 1, 1], value: -Infinity });
  assertEquals(describeNotFinite(found!), '"b" must be finite, received -Infinity at [1, 1, 1]');
  assertEquals(findNotFinite({ x: { shape: [1], data: new Float64Array([NaN]) } })?.index, [0]);
});
