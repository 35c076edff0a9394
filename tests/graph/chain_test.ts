import { type Access, type Link, longestChain } from "../../src/graph/chain.ts";
import { assertEquals } from "@std/assert";

const [A, B, C] = ["a", "b", "c"].map((label) => ({ label }) as GPUBuffer);

function reads(resource: GPUBuffer, start = 0, end = 64): Access {
  return { resource, start, end, writes: false };
}

function writes(resource: GPUBuffer, start = 0, end = 64): Access {
  return { ...reads(resource, start, end), writes: true };
}

function links(...accesses: Access[][]): Link[] {
  return accesses.map((accesses) => ({ accesses, counts: true }));
}

Deno.test("a chain of dispatches follows what is written to who reads it", () => {
  assertEquals(longestChain([]), 0);
  assertEquals(longestChain(links([reads(A), writes(B)], [reads(B), writes(C)], [reads(C), writes(A)])), 3);
  assertEquals(longestChain(links([reads(A), writes(B)], [reads(A), writes(C)])), 1);
});

Deno.test("a chain of dispatches follows overwritten memory, and no ranges apart", () => {
  assertEquals(longestChain(links([reads(A)], [writes(A)], [writes(A)])), 3);
  assertEquals(longestChain(links([writes(A, 0, 32)], [writes(A, 32, 64)], [reads(A, 16, 48)])), 2);
  assertEquals(longestChain(links([writes(A, 0, 64)], [writes(A, 0, 32)], [reads(A, 32, 64)], [reads(A, 0, 8)])), 3);
});

Deno.test("what does not count passes a chain on without making it longer", () => {
  const [first, copy, last] = links([writes(A)], [reads(A), writes(B)], [reads(B)]);
  assertEquals(longestChain([first, { ...copy, counts: false }, last]), 2);
});
