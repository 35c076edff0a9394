import type { Gpu } from "../../src/gpu/device.ts";
import { assertEquals } from "@std/assert";
import { Backlog } from "../../src/trainer/backlog.ts";

/** A device whose queue is done with what was submitted when it is told so. */
function slowDevice() {
  const waits: (() => void)[] = [];
  const onSubmittedWorkDone = () => new Promise<void>((resolve) => waits.push(resolve));
  return { gpu: { device: { queue: { onSubmittedWorkDone } } } as unknown as Gpu, waits };
}

async function settle(): Promise<void> {
  for (let i = 0; i < 100; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("Backlog stops the host two marks ahead of the device, and lets it go on with each that is reached", async () => {
  const { gpu, waits } = slowDevice();
  const backlog = new Backlog(gpu);
  let step = 0;
  const running = (async () => {
    while (step < 320) await backlog.pass(++step);
  })();
  await settle();
  assertEquals([step, waits.length], [192, 2]);
  waits[0]();
  await settle();
  assertEquals([step, waits.length], [256, 3]);
  waits[1]();
  waits[2]();
  await running;
  assertEquals([step, waits.length], [320, 5]);
});

Deno.test("Backlog lets timers run between steps", async () => {
  const { gpu } = slowDevice();
  const backlog = new Backlog(gpu);
  let step = 0;
  let seen = 0;
  const timer = setTimeout(() => seen = step, 0);
  while (step < 64) await backlog.pass(++step);
  clearTimeout(timer);
  assertEquals(seen, 32);
});
