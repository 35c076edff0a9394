import type { DeviceProfile } from "../../src/gpu/profile.ts";
import { KernelSet } from "../../src/kernels/set.ts";
import { productKernel } from "../../src/ops/dense/matmul_kernels.ts";
import { registerProducts } from "../../src/software/matmul/products.ts";
import { assertEquals } from "@std/assert";
import { profileOf } from "./profiles.ts";

/** Returns the kernels of a small product and of a large one. */
function chosen(profile: DeviceProfile, sizes = [32, 512]): string[] {
  const set = new KernelSet(profile);
  set.isLoaded = true;
  registerProducts(set);
  return sizes.map((size) => set.choose(productKernel, { m: size, n: size, k: size }).name);
}

Deno.test("products of Mesa up to 22 are by blocks of 16, large ones in images and by subgroups where there are some", () => {
  const mesa = (subgroup: number): DeviceProfile => profileOf("llvmpipe (LLVM 15.0.6, 256 bits)", subgroup);
  assertEquals([1, 4, 8, 16].map((size) => chosen(mesa(size))), [
    ["blocks16", "images16"],
    ["blocks16", "shared4"],
    ["blocks16", "shared8"],
    ["blocks16", "shared16"],
  ]);
  assertEquals(chosen({ ...mesa(1), storageTextures: false }), ["blocks16", "blocks16"]);
});

Deno.test("products of later versions of Mesa are by blocks of 8, and by subgroups of 8 alone", () => {
  const mesa = (subgroup: number): DeviceProfile => profileOf("llvmpipe (LLVM 19.1.7, 256 bits)", subgroup, 48);
  assertEquals([1, 4, 8, 16].map((size) => chosen(mesa(size))), [
    ["blocks8", "images8"],
    ["blocks8", "images8"],
    ["blocks8", "shared8"],
    ["blocks8", "images8"],
  ]);
});

Deno.test("products of other drivers are by blocks of 8, and those of a GPU by tiles, small ones where they are few", () => {
  assertEquals(chosen(profileOf("SwiftShader Device (LLVM 10.0.0)", 4)), ["blocks8", "blocks8"]);
  const gpu = { ...profileOf("any GPU", 32), kind: "gpu" } as const;
  assertEquals(chosen(gpu, [512, 1024, 4096]), ["small_tiles", "tiles", "tiles"]);
});
