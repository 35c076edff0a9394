import { adagrad, adam, adamw, ftrl, lamb, lion, rmsprop, rowwiseAdagrad, sgd, tableSlots } from "../src/optimizer.ts";
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";

Deno.test("optimizers have the documented defaults", () => {
  assertEquals(sgd().lr, 0.1);
  assertEquals(adagrad().constants, { EPS: 1e-10 });
  assertEquals(adam().lr, 1e-3);
  assertEquals(adam().constants.EPS, 1e-8);
  assertEquals(ftrl().constants, { LR: 0.1, BETA: 1, L1: 0, L2: 0 });
  assertEquals(adamw().constants, { ...adam().constants, DECAY: 0.01 });
  assertEquals([lion().lr, lion().constants.BETA2, rmsprop().constants.BETA2], [1e-4, 0.99, 0.99]);
  assertEquals([lamb().lr, lamb().constants.MIN_NORM, lamb().constants.EPS], [0.01, 0.1, 1e-6]);
  for (const optimizer of [sgd(), adagrad(), rowwiseAdagrad(), adam(), adamw(), lamb(), lion(), rmsprop(), ftrl()]) {
    assertEquals(optimizer.embeddingUpdate, "lazy");
  }
});

Deno.test("optimizers state how many buffers they keep", () => {
  const names = (optimizer: ReturnType<typeof sgd>): string[] => tableSlots(optimizer).map((slot) => slot.name);
  assertEquals(names(sgd()), []);
  assertEquals(names(sgd({ embeddingUpdate: "dense" })), ["gradient"]);
  assertEquals(names(sgd({ momentum: 0.9 })), ["state0"]);
  assertEquals(names(adam({ embeddingUpdate: "dense" })), ["state0", "state1", "gradient"]);
  assertEquals(adam().slots, 2);
  assertEquals(tableSlots(adagrad({ initialAccumulator: 0.1 })), [
    { name: "state0", perRow: false, initial: 0.1, saved: true },
  ]);
  assertEquals(tableSlots(rowwiseAdagrad({ embeddingUpdate: "dense" })), [
    { name: "state0", perRow: true, initial: 0, saved: true },
    { name: "gradient", perRow: false, initial: 0, saved: false },
  ]);
  assertEquals(rowwiseAdagrad().slots, 1);
});

Deno.test("adam corrects its moments by the step", () => {
  const { correction1, correction2 } = adam({ beta1: 0.8, beta2: 0.99 }).corrections(3);
  assertAlmostEquals(correction1, 1 / (1 - 0.512), 1e-12);
  assertAlmostEquals(correction2, 1 / (1 - 0.970299), 1e-9);
  assertEquals(sgd().corrections(3), { correction1: 1, correction2: 1 });
});

Deno.test("optimizers refuse options out of range", () => {
  assertThrows(() => sgd({ lr: 0 }), RangeError, "Cannot make sgd: lr must be above 0, received 0");
  assertThrows(() => sgd({ lr: NaN }), RangeError, "received NaN");
  assertThrows(() => sgd({ momentum: 1 }), RangeError, "Cannot make sgd: momentum must be in [0, 1), received 1");
  assertThrows(() => sgd({ nesterov: true }), RangeError, "nesterov needs a momentum above 0");
  assertThrows(() => adam({ beta2: -0.1 }), RangeError, "beta2 must be in [0, 1), received -0.1");
  assertThrows(() => adam({ eps: 0 }), RangeError, "eps must be at least 1e-30, received 0");
  assertThrows(() => lamb({ minNorm: -1 }), RangeError, "Cannot make lamb: minNorm must be at least 0, received -1");
  assertThrows(() => adagrad({ initialAccumulator: -1 }), RangeError, "initialAccumulator must be at least 0");
  assertThrows(() => ftrl({ beta: 0 }), RangeError, "Cannot make ftrl: beta must be above 0, received 0");
  assertThrows(() => ftrl({ l1: Infinity }), RangeError, "l1 must be at least 0, received Infinity");
  assertThrows(
    () => adam({ embeddingUpdate: "sparse" as "lazy" }),
    RangeError,
    'embeddingUpdate must be "lazy" or "dense", received "sparse"',
  );
});
