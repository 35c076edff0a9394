import { StepMeans } from "../../src/runs/step_means.ts";
import { assertEquals } from "@std/assert";

const steps = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => ({ step: from + i, rows: 2, loss: from + i, lr: (from + i) / 8 }));

Deno.test("a short epoch has the loss of each step", () => {
  const means = new StepMeans();
  assertEquals(means.take(steps(1, 2), 3), [{ step: 1, loss: 1, lr: 0.125 }, { step: 2, loss: 2, lr: 0.25 }]);
  assertEquals(means.take([], 3), []);
  assertEquals(means.take(steps(3, 4), 3), [{ step: 3, loss: 3, lr: 0.375 }, { step: 4, loss: 4, lr: 0.5 }]);
});

Deno.test("a long epoch has means over steps, whenever these are told, and ends with what is left", () => {
  const whole = new StepMeans().take(steps(1, 1202), 601);
  assertEquals(whole.length, 2 * 151);
  assertEquals(whole.slice(0, 2), [{ step: 4, loss: 2.5, lr: 0.5 }, { step: 8, loss: 6.5, lr: 1 }]);
  assertEquals(whole.slice(149, 152).map(({ step, loss }) => [step, loss]), [[600, 598.5], [601, 601], [605, 603.5]]);
  const parted = new StepMeans();
  const parts = [steps(1, 7), steps(8, 8), steps(9, 601), steps(602, 1202)].flatMap((part) => parted.take(part, 601));
  assertEquals(parts, whole);
});
