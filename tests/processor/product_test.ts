import { pack, packedSize, paddedOuter, productOver } from "../../src/processor/product.ts";
import { PRODUCT_CODE } from "../../src/processor/product_code.ts";
import { WasmMemory } from "../../src/processor/memory.ts";
import { assertEquals } from "@std/assert";
import wabt from "npm:wabt@1.0.36";
import { matmulReference } from "../reference/matmul.ts";
import { assertClose, randomArray } from "../support.ts";

Deno.test("the code of the product is its text, compiled", async () => {
  const path = new URL("../../src/processor/product.wat", import.meta.url);
  const module = (await wabt()).parseWat("product.wat", await Deno.readTextFile(path), { simd: true });
  module.validate();
  assertEquals(btoa(String.fromCharCode(...module.toBinary({}).buffer)), PRODUCT_CODE);
});

interface Case {
  readonly rows: number;
  readonly inner: number;
  readonly outer: number;
  readonly gap?: number;
  readonly low?: number;
}

/** Multiplies by the WebAssembly; rows of x and y lie `gap` numbers apart, and what is between them stays. */
function multiply({ rows, inner, outer, gap = 0, low = -Infinity }: Case) {
  const [x, w, bias] = [rows * inner, inner * outer, outer].map((size, i) => randomArray(size, i + 1));
  const memory = new WasmMemory(1 << 20);
  const [xs, ys] = [memory.take(rows * (inner + gap)), memory.take(rows * (outer + gap))];
  const [packed, added] = [memory.take(packedSize({ inner, outer })), memory.take(paddedOuter(outer))];
  for (let r = 0; r < rows; r++) xs.set(x.subarray(r * inner, (r + 1) * inner), r * (inner + gap));
  ys.fill(7);
  pack(packed, { inner, outer }, (k, n) => w[k * outer + n]);
  added.set(bias);
  const [xStride, yStride] = [inner + gap, outer + gap].map((numbers) => 4 * numbers);
  const addresses = [xs, packed, added, ys].map((array) => array.byteOffset) as [number, number, number, number];
  productOver(memory.memory)(...addresses, rows, inner, outer, xStride, yStride, low);
  const exact = matmulReference(x, w, [rows, inner, outer]).map((sum, i) => Math.max(low, sum + bias[i % outer]));
  const cut = (r: number) => ys.subarray(r * (outer + gap), r * (outer + gap) + outer);
  const between = Array.from(
    { length: rows },
    (_, r) => [...ys.subarray((r + 1) * outer + r * gap, (r + 1) * (outer + gap))],
  );
  return { y: Array.from({ length: rows }, (_, r) => [...cut(r)]), exact, between: between.flat() };
}

for (
  const sizes of [
    { rows: 1, inner: 1, outer: 1 },
    { rows: 2, inner: 3, outer: 16 },
    { rows: 3, inner: 400, outer: 1 },
    { rows: 5, inner: 17, outer: 33 },
    { rows: 8, inner: 64, outer: 48 },
    { rows: 7, inner: 5, outer: 19, gap: 3 },
    { rows: 4, inner: 6, outer: 40, low: 0 },
  ]
) {
  Deno.test(`the product equals its reference at ${JSON.stringify(sizes)}`, () => {
    const { y, exact, between } = multiply(sizes);
    assertClose(y.flat(), exact, "y", { rtol: 1e-6, atol: 1e-6 });
    assertEquals(between, Array((sizes.gap ?? 0) * sizes.rows).fill(7));
  });
}

Deno.test("a row's product has the same bits in every number of rows", () => {
  const [one, two, three] = [1, 2, 3].map((rows) => multiply({ rows, inner: 37, outer: 21 }).y);
  assertEquals(two[0], one[0]);
  assertEquals(three, [...two, three[2]]);
});
