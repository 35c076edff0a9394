import { upload } from "../../src/gpu/memory.ts";
import { GpuError } from "../../src/gpu/error.ts";
import { Gpu } from "../../src/gpu/device.ts";
import { ReadbackRing } from "../../src/gpu/readback_ring.ts";
import { requestAdapter } from "../../src/adapter.ts";
import { MAPS_AT_ONCE } from "../../src/host/mod.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { gpu } from "../support.ts";

const EAGER = MAPS_AT_ONCE ? [false, true] : [false];

for (const isEager of EAGER) {
  const how = isEager ? "at once" : "when the runtime tells";
  Deno.test(`results are read back ${how}, parts behind each other, as they were at the call`, async () => {
    const device = await gpu();
    const first = upload(device, "first", Uint32Array.of(1, 2, 3, 4));
    const second = upload(device, "second", Uint32Array.of(5, 6, 7, 8));
    const ring = new ReadbackRing(device, "results", { bytes: 20, isEager });
    const parts = [
      { buffer: first, bytes: 8, offset: 4, at: 0 },
      { buffer: second, bytes: 12, offset: 0, at: 8 },
    ];
    const results = await Promise.all(Array.from({ length: 5 }, async (_, turn) => {
      const slot = await ring.take();
      device.device.queue.writeBuffer(first, 4, Uint32Array.of(10 * turn));
      return [turn, ...new Uint32Array(await slot.read(parts))];
    }));
    assertEquals(results, [0, 1, 2, 3, 4].map((turn) => [turn, 10 * turn, 3, 5, 6, 7]));
    for (const turn of [5, 6]) {
      const slot = await ring.take();
      device.device.queue.writeBuffer(first, 4, Uint32Array.of(turn));
      assertEquals([...new Uint32Array(await slot.read(parts.slice(0, 1)))], [turn, 3]);
    }
    (await ring.take()).release();
    ring.destroy();
    for (const buffer of [first, second]) buffer.destroy();
  });

  Deno.test(`a copy that the device refuses fails the read ${how}`, async () => {
    const device = await gpu();
    const buffer = upload(device, "short", Uint32Array.of(1, 2, 3, 4));
    const ring = new ReadbackRing(device, "results", { bytes: 64, isEager });
    const slot = await ring.take();
    const beyond = [{ buffer, bytes: 32, offset: 0, at: 0 }];
    await assertRejects(() => slot.read(beyond), GpuError, 'Cannot read buffer "results"');
    ring.destroy();
    buffer.destroy();
  });
}

Deno.test("reads one after the other share one buffer, however fast they come", async () => {
  if (!MAPS_AT_ONCE) return;
  const { device } = await gpu();
  let made = 0;
  const counting = new Proxy(device, {
    get: (target, name) => {
      if (name === "createBuffer") made++;
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const counted = new Gpu(counting, (await gpu()).profile);
  const buffer = upload(await gpu(), "data", Uint32Array.of(0));
  const ring = new ReadbackRing(counted, "results", { bytes: 4, isEager: true });
  for (let turn = 0; turn < 50; turn++) {
    const slot = await ring.take();
    device.queue.writeBuffer(buffer, 0, Uint32Array.of(turn));
    assertEquals(new Uint32Array(await slot.read([{ buffer, bytes: 4, offset: 0, at: 0 }]))[0], turn);
  }
  assertEquals(made, 1);
  ring.destroy();
  buffer.destroy();
});

Deno.test("a device that is gone fails reads", async () => {
  const { adapter } = await requestAdapter();
  const device = await Gpu.request(adapter);
  const buffer = upload(device, "data", Uint32Array.of(1, 2, 3, 4));
  const rings = EAGER.map((isEager) => new ReadbackRing(device, "results", { bytes: 16, isEager }));
  const slots = await Promise.all(rings.map((ring) => ring.take()));
  device.destroy();
  for (const slot of slots) {
    await assertRejects(() => slot.read([{ buffer, bytes: 16, offset: 0, at: 0 }]), GpuError, "Cannot");
  }
  for (const ring of rings) await assertRejects(() => ring.take(), GpuError, "the device was destroyed");
});
