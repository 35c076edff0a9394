import {
  type Distribution,
  formatDistribution,
  listValues,
  parseDistribution,
  roundTo,
} from "../../src/search/distribution.ts";
import { isActive, parseSpace, type SearchSpace } from "../../src/search/space.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";

const refusal = (space: unknown): string => assertThrows(() => parseSpace(space as SearchSpace), Error).message;

Deno.test("declared parameters are read by kind", () => {
  const space = parseSpace({
    lr: { log: [1e-4, 1e-2] },
    dim: [8, 16, 32],
    dropout: { uniform: [0, 0.5] },
    coarse: { uniform: [0, 0.5], step: 0.1 },
    "batch-size": { int: [256, 8192], log: true },
    layers: { int: [1, 9], step: 2 },
    kind: { choice: ["a", true, null] },
  });
  const distributions: Distribution[] = [
    { kind: "float", low: 1e-4, high: 1e-2, log: true },
    { kind: "choice", choices: [8, 16, 32] },
    { kind: "float", low: 0, high: 0.5, log: false },
    { kind: "float", low: 0, high: 0.5, log: false, step: 0.1 },
    { kind: "int", low: 256, high: 8192, log: true, step: 1 },
    { kind: "int", low: 1, high: 9, log: false, step: 2 },
    { kind: "choice", choices: ["a", true, null] },
  ];
  assertEquals(space.map(({ distribution }) => distribution), distributions);
  for (const distribution of distributions) {
    assertEquals(parseDistribution(formatDistribution(distribution)), distribution);
  }
  assertEquals(listValues(distributions[3]), [0, 0.1, 0.2, 0.3, 0.4, 0.5]);
  assertEquals(listValues(distributions[5]), [1, 3, 5, 7, 9]);
  assertEquals(listValues(distributions[4]), undefined);
  assertEquals(roundTo({ kind: "int", low: 1, high: 9, log: false, step: 2 }, 3.9), 3);
});

Deno.test("parameters with conditions come behind those that they need", () => {
  const space = parseSpace({
    experts: { int: [2, 8], when: { model: ["mmoe", "ple"], tower: true } },
    tower: { choice: [true, false], when: { model: "mmoe" } },
    model: ["deepfm", "mmoe", "ple"],
  });
  assertEquals(space.map(({ name }) => name), ["model", "tower", "experts"]);
  const active = (params: Record<string, string | boolean>) => space.map((parameter) => isActive(parameter, params));
  assertEquals(active({ model: "deepfm" }), [true, false, false]);
  assertEquals(active({ model: "mmoe", tower: true }), [true, true, true]);
  assertEquals(active({ model: "ple" }), [true, false, false]);
});

Deno.test("spaces that are none are refused before anything runs", () => {
  assertEquals(refusal({}), "Cannot search: the space must have a parameter, received none");
  assertEquals(refusal({ dim: [] }), 'Cannot search over "dim": there must be a value, received []');
  assertEquals(refusal({ dim: [8, 8] }), 'Cannot search over "dim": the values must differ, received [8,8]');
  assertEquals(
    refusal({ dim: 8 }),
    'Cannot search over "dim": it must be a list, or an object with choice, uniform, log or int, received 8',
  );
  assertEquals(
    refusal({ lr: { log: [0, 1] } }),
    'Cannot search over "lr": numbers whose factors count must be above 0, received 0',
  );
  assertEquals(
    refusal({ lr: { log: [1, 0.1] } }),
    'Cannot search over "lr": log must be [low, high], received [1,0.1]',
  );
  assertEquals(
    refusal({ lr: { log: [1, 2], step: 1 } }),
    'Cannot search over "lr": a parameter of log has log, when, received "step"',
  );
  assertEquals(
    refusal({ n: { int: [1, 2.5] } }),
    'Cannot search over "n": int must be integers, received [1,2.5,1]',
  );
  assertEquals(
    refusal({ x: { uniform: [0, 1], step: 0.3 } }),
    'Cannot search over "x": step must divide 1 - 0, received 0.3',
  );
  assertEquals(
    refusal({ x: { uniform: [0, 1], when: { y: 1 } } }),
    'Cannot search over "x": "when" must name parameters of the space, x, received "y"',
  );
  assertEquals(
    refusal({ x: { uniform: [0, 1], when: { y: 3 } }, y: [1, 2] }),
    'Cannot search over "x": "when" must name values of y, received 3',
  );
  assertEquals(
    refusal({ x: { choice: [1], when: { y: 1 } }, y: { choice: [1], when: { x: 1 } } }),
    "Cannot search: conditions must not go in a circle, received x, y",
  );
  assert(refusal({ x: [{}] }).startsWith('Cannot search over "x": a value must be a text'));
});
