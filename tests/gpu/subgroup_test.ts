import { requestAdapter } from "../../src/adapter.ts";
import { Gpu } from "../../src/gpu/device.ts";
import { NO_SUBGROUPS, probeSubgroups, profileSubgroups } from "../../src/gpu/subgroup.ts";
import { assert, assertEquals } from "@std/assert";
import { gpu } from "../support.ts";

Deno.test("the probe finds subgroups of a size that the device reports, spelled as its profile says", async () => {
  const { device, profile: { subgroups } } = await gpu();
  if (!subgroups.granted) return assertEquals(subgroups, NO_SUBGROUPS);
  assertEquals(await profileSubgroups(device, subgroups), subgroups);
  const size = await probeSubgroups(device, subgroups.plain ? "plain" : "directive", subgroups.least);
  assert(size === 1 || size! >= subgroups.least && size! <= subgroups.most);
  assertEquals(size, subgroups.ordered);
});

Deno.test("a device that was not granted subgroups has none, refuses the probe, and keeps working", async () => {
  const { adapter } = await requestAdapter();
  const plain = new Gpu(await adapter.requestDevice());
  assertEquals(plain.profile.subgroups, NO_SUBGROUPS);
  assertEquals(await probeSubgroups(plain.device, "plain", 8), undefined);
  plain.check();
  plain.device.destroy();
});
