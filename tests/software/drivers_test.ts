import { isOldLlvmpipe, isWorthImages, prefersImages, subgroupSizeOf } from "../../src/software/drivers.ts";
import { assert, assertEquals } from "@std/assert";
import { profileOf } from "./profiles.ts";

const MESA22 = "llvmpipe (LLVM 15.0.6, 256 bits)";
const MESA25 = "llvmpipe (LLVM 19.1.7, 256 bits)";

Deno.test("subgroups serve where a driver on the processor has them in one size and is quick with it", () => {
  assertEquals([4, 8, 16].map((size) => subgroupSizeOf(profileOf(MESA22, size))), [4, 8, 16]);
  assertEquals([4, 8, 16].map((size) => subgroupSizeOf(profileOf(MESA25, size, 48))), [1, 8, 1]);
  const old = profileOf(MESA22, 8);
  const { subgroups } = old;
  assertEquals(subgroupSizeOf({ ...old, subgroups: { ...subgroups, most: 128 } }), 1);
  assertEquals(subgroupSizeOf({ ...old, subgroups: { ...subgroups, ordered: 1 } }), 1);
  assertEquals(subgroupSizeOf({ ...old, subgroups: { ...subgroups, plain: false } }), 1);
  assertEquals(subgroupSizeOf(profileOf(MESA22, 1)), 1);
  assertEquals(subgroupSizeOf({ ...profileOf("NVIDIA H200", 32), kind: "gpu" }), 1);
});

Deno.test("Mesa up to 22 is told from later ones by the storage buffers that it offers", () => {
  assert(isOldLlvmpipe(profileOf(MESA22, 8)));
  assert(!isOldLlvmpipe(profileOf(MESA25, 8, 48)));
  assert(!isOldLlvmpipe(profileOf("SwiftShader Device (LLVM 10.0.0)", 1)));
});

Deno.test("images serve large kernels of llvmpipe, where kernels can read them", () => {
  const mesa = profileOf(MESA22, 8);
  assert(prefersImages(mesa) && !prefersImages({ ...mesa, storageTextures: false }));
  assert(!prefersImages({ ...mesa, kind: "gpu" }) && !prefersImages(profileOf("SwiftShader Device", 1)));
  assertEquals([2 ** 24 - 1, 2 ** 24].map((flops) => isWorthImages(mesa, flops)), [false, true]);
});
