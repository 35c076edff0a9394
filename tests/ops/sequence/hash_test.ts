import { hashAttention } from "../../../src/ops/sequence/hash_attention.ts";
import { hashLikeness } from "../../../src/ops/sequence/hash_likeness.ts";
import { Graph } from "../../../src/graph/graph.ts";
import type { Shape } from "../../../src/graph/tensor.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { drawLengths } from "../../reference/history.ts";
import {
  hashAttention as attentionReference,
  hashLikeness as likenessReference,
  type HashSizes,
} from "../../reference/sign_hash.ts";
import { assertClose, checkOp, runOp } from "../../support.ts";

const integers = ["lengths"];

/** Rows of one number, of a width that no vector divides, of many; codes of one bit, of several words, of 32 bits. */
const SIZES: HashSizes[] = [
  { batch: 1, places: 1, width: 1, codes: 1, bits: 1 },
  { batch: 7, places: 6, width: 4, codes: 2, bits: 3 },
  { batch: 3, places: 9, width: 17, codes: 35, bits: 2 },
  { batch: 4, places: 5, width: 66, codes: 3, bits: 4 },
  { batch: 2, places: 70, width: 4, codes: 2, bits: 32 },
];

function inputsOf({ places, width, codes, bits }: HashSizes): Record<string, Shape> {
  return { q: ["B", width], x: ["B", places, width], lengths: ["B"], directions: [codes, bits, width] };
}

for (const sizes of SIZES) {
  const { batch, places } = sizes;
  const run = { inputs: inputsOf(sizes), integers, batch, prepare: { lengths: drawLengths(places) } };
  for (const normalize of [false, true]) {
    const kind = normalize ? "normalized hash attention" : "hash attention";
    Deno.test(`${kind} matches its reference: ${JSON.stringify(sizes)}`, () =>
      checkOp({
        ...run,
        build: ({ q, x, lengths, directions }) => hashAttention(q, x, lengths, directions, normalize),
        reference: ({ q, x, lengths, directions }) => attentionReference(sizes, normalize, [q, x, lengths, directions]),
      }));
  }
  Deno.test(`likeness by hash codes equals its reference: ${JSON.stringify(sizes)}`, async () => {
    const { y, values: { q, x, lengths, directions }, gradients } = await runOp({
      ...run,
      build: ({ q, x, lengths, directions }) => hashLikeness(q, x, lengths, directions),
    });
    assertEquals([...y], [...likenessReference(sizes, [q, x, lengths, directions])]);
    assertEquals(gradients.size, 0);
  });
}

Deno.test("likeness of several targets of a row by hash codes equals that of each", async () => {
  const [targets, sizes] = [3, { batch: 5, places: 6, width: 4, codes: 2, bits: 3 }];
  const { y, values: { q, x, lengths, directions } } = await runOp({
    ...{ inputs: { ...inputsOf(sizes), q: ["B", targets * sizes.width] }, integers, batch: sizes.batch },
    prepare: { lengths: drawLengths(sizes.places) },
    build: ({ q, x, lengths, directions }) => hashLikeness(q, x, lengths, directions, targets),
  });
  for (let i = 0; i < targets; i++) {
    const own = q.filter((_, at) => Math.floor(at / sizes.width) % targets === i);
    const expected = likenessReference(sizes, [own, x, lengths, directions]);
    assertEquals([...y.filter((_, at) => Math.floor(at / sizes.places) % targets === i)], [...expected]);
  }
});

interface HashCase {
  inputs: { name: string; shape: number[]; data: number[] }[];
  mask: number[][];
  upstream: { data: number[] };
  variants: { l2_norm: boolean; out: number[]; grad_h: number[] }[];
}

const golden: HashCase = JSON.parse(
  Deno.readTextFileSync(new URL("../../golden/sdim_hash_attention.json", import.meta.url)),
);

for (const { l2_norm: normalize, out, grad_h: gradient } of golden.variants) {
  Deno.test(`hash attention equals FuxiCTR in sums and gradients, ${normalize ? "" : "not "}normalized`, async () => {
    const [q, x, rotations] = golden.inputs;
    const [batch, places, width] = x.shape;
    const [, codes, bits] = rotations.shape;
    const turned = rotations.data.map((_, i) => rotations.data[(i % width) * codes * bits + Math.floor(i / width)]);
    const run = {
      inputs: inputsOf({ batch, places, width, codes, bits }),
      ...{ integers, batch },
      prepare: {
        q: () => Float64Array.from(q.data),
        x: () => Float64Array.from(x.data),
        lengths: () => Float64Array.from(golden.mask, (row) => row.filter(Boolean).length),
        directions: () => Float64Array.from(turned),
      },
    };
    const { y, gradients } = await runOp({
      ...run,
      upstream: golden.upstream.data,
      build: ({ q, x, lengths, directions }) => hashAttention(q, x, lengths, directions, normalize),
    });
    assertClose(y, out, "y", { rtol: 1e-6 });
    assertEquals([...gradients.keys()], ["x"]);
    assertClose(gradients.get("x")!, gradient, "gradient", { rtol: 1e-6 });
  });
}

Deno.test("hashes refuse sizes that do not fit", () => {
  const graph = new Graph("train");
  const [q, x, lengths] = [
    graph.input("q", ["B", 4]),
    graph.input("x", ["B", 3, 4]),
    graph.input("lengths", ["B"], "u32"),
  ];
  const directions = (...shape: number[]) => graph.input(`${shape}`, shape);
  assertThrows(
    () => hashAttention(q, x, lengths, directions(2, 3, 5), false),
    TypeError,
    "directions must have shape [hashes, bits, 4], received [2, 3, 5]",
  );
  assertThrows(() => hashLikeness(x, x, lengths, directions(1, 3, 4)), TypeError, "target must have shape [B, 4]");
  assertThrows(() => hashLikeness(q, x, lengths, directions(1, 33, 4)), RangeError, "32 bits or fewer");
  assertThrows(() => hashLikeness(q, x, lengths, directions(70, 30, 4)), RangeError, "received 70 of 30");
});
