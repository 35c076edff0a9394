import { adam } from "../../src/optimizer.ts";
import { parseOptimizer } from "../../src/optimizer/parse.ts";
import { assertEquals, assertThrows } from "@std/assert";

Deno.test("parseOptimizer makes optimizers from texts", () => {
  assertEquals(
    JSON.stringify(parseOptimizer("adam", { lr: "0.01", embeddingUpdate: "dense", eps: undefined })),
    JSON.stringify(adam({ lr: 0.01, embeddingUpdate: "dense" })),
  );
  assertEquals(parseOptimizer("sgd", { momentum: 0.9, nesterov: "true" }).constants, { MOMENTUM: 0.9, NESTEROV: 1 });
  assertEquals(parseOptimizer("rowwise_adagrad").rowSlots, 1);
  assertEquals(parseOptimizer("lion", { weightDecay: "0.1" }).constants.DECAY, 0.1);
  assertThrows(
    () => parseOptimizer("adamax"),
    RangeError,
    "Cannot make an optimizer: it must be sgd, adagrad, rowwise_adagrad, adam, adamw, lamb, lion, rmsprop, ftrl, " +
      'received "adamax"',
  );
  assertThrows(
    () => parseOptimizer("ftrl", { momentum: "0.9" }),
    RangeError,
    'Cannot make ftrl: its options are lr, beta, l1, l2, embeddingUpdate, received "momentum"',
  );
  assertThrows(() => parseOptimizer("adam", { lr: "fast" }), RangeError, 'lr must be a number, received "fast"');
  assertThrows(() => parseOptimizer("adam", { lr: "" }), RangeError, 'lr must be a number, received ""');
  assertThrows(() => parseOptimizer("sgd", { nesterov: "yes" }), RangeError, "nesterov must be true or false");
});
