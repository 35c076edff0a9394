import type { DeviceProfile } from "../../src/gpu/profile.ts";
import { loadKernels } from "../../src/kernels/load.ts";
import { KernelSet, kernelsOf } from "../../src/kernels/set.ts";
import { type Kernel, problemKey, type Variant } from "../../src/kernels/variant.ts";
import { Gpu } from "../../src/gpu/device.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { profileOf } from "../software/profiles.ts";
import { gpu } from "../support.ts";

type Size = { readonly size: number };

const GPU: DeviceProfile = { ...profileOf("any GPU", 1), kind: "gpu" };

function variant(name: string, cost: number, least = 0): Variant<null, Size> {
  return { name, fits: (_, { size }) => size >= least, cost: (_, { size }) => cost * size, emit: () => {} };
}

const kernel: Kernel<null, Size> = {
  name: "sum",
  problem: () => ({ size: 1 }),
  variants: [variant("plain", 2)],
};

function setOf(...variants: Variant<null, Size>[]): KernelSet {
  const set = new KernelSet(GPU);
  set.register(kernel, variants);
  return set;
}

Deno.test("a set chooses the variant of the least cost among those that fit, the first of equals", () => {
  const set = setOf(variant("large", 1, 100), variant("equal", 2));
  assertEquals([10, 100].map((size) => set.choose(kernel, { size }).name), ["plain", "large"]);
  assertEquals(set.choices.get("sum size=10"), { variant: "plain", fitting: ["plain", "equal"] });
});

Deno.test("a set takes a test's word over measured times, and those over estimates, where the variant fits", () => {
  const set = setOf(variant("measured", 5), variant("named", 9, 100));
  set.tuning.set("sum size=200", { variant: "measured", fitting: ["named", "measured", "plain"] });
  set.tuning.set("sum size=300", { variant: "deleted", fitting: ["plain", "measured", "named"] });
  assertEquals([10, 200, 300].map((size) => set.choose(kernel, { size }).name), ["plain", "measured", "plain"]);
  set.override = "named";
  assertEquals([10, 200].map((size) => set.choose(kernel, { size }).name), ["plain", "named"]);
});

Deno.test("a set takes a plan's word for a problem over its word for all problems of a kernel", () => {
  const set = setOf(variant("one", 5), variant("all", 9));
  const preferred = { sum: "all", "sum size=10": "one" };
  assertEquals([10, 20].map((size) => set.choose(kernel, { size }, preferred).name), ["one", "all"]);
});

Deno.test("a set refuses two variants of one name, and problems that no variant fits", () => {
  assertThrows(() => setOf(variant("plain", 1)), TypeError, "the name is taken, received plain");
  const narrow = { ...kernel, variants: [variant("large", 1, 100)] };
  assertThrows(
    () => new KernelSet(GPU).choose(narrow, { size: 10 }),
    RangeError,
    "no variant fits, received sum size=10",
  );
});

Deno.test("problems are written the same where they are equal", () => {
  assertEquals(problemKey({ m: 4096, n: 400, relu: true }), "m=4096 n=400 relu=true");
});

Deno.test("a software device refuses to choose before its kernels are loaded, and a GPU loads none", async () => {
  const { device, profile } = await gpu();
  const software = new Gpu(device, { ...profile, kind: "software" });
  assertThrows(() => kernelsOf(software).choose(kernel, { size: 1 }), TypeError, "Cannot choose kernels");
  await loadKernels(software);
  assertEquals(kernelsOf(software).choose(kernel, { size: 1 }).name, "plain");
  const hardware = new Gpu(device, { ...profile, kind: "gpu" });
  await loadKernels(hardware);
  assertEquals(kernelsOf(hardware).choose(kernel, { size: 1 }).name, "plain");
});
