import { assertEquals } from "@std/assert";
import { hasWideVectors, isOld, WIDTH_VARIABLE } from "../src/vector_width.ts";
import { gpu } from "./support.ts";

const WIDE = "flags\t\t: fpu avx2 avx512f avx512dq avx512bw avx512vl\n";
const NARROW = "flags\t\t: fpu avx2 avx512f\n";

Deno.test("vectors are widened where all processors have all of AVX-512", () => {
  assertEquals(hasWideVectors(`processor\t: 0\n${WIDE}\nprocessor\t: 1\n${WIDE}`), true);
  assertEquals(hasWideVectors(`processor\t: 0\n${WIDE}\nprocessor\t: 1\n${NARROW}`), false);
  assertEquals(hasWideVectors("Features\t: fp asimd\n"), false);
  assertEquals(hasWideVectors(""), false);
});

Deno.test("vectors are widened for drivers of Mesa 22 and before", () => {
  const manifest = (version: string): string => JSON.stringify({ ICD: { api_version: version } }, undefined, 4);
  assertEquals(isOld([manifest("1.1.230")]), true);
  assertEquals(isOld([manifest("1.1.230"), manifest("1.4.305")]), false);
  assertEquals(isOld([manifest("1.3.239")]), false);
  assertEquals(isOld(["{}"]), false);
  assertEquals(isOld([]), false);
});

Deno.test("a width that somebody chose is kept", async () => {
  const module = new URL("../src/vector_width.ts", import.meta.url).href;
  const program =
    `import { widenVectors } from "${module}"; widenVectors(); console.log(Deno.env.get("${WIDTH_VARIABLE}"));`;
  // Variables are those of all threads of a process, and other tests run in some.
  const command = new Deno.Command(Deno.execPath(), { args: ["eval", program], env: { [WIDTH_VARIABLE]: "128" } });
  const { stdout } = await command.output();
  assertEquals(new TextDecoder().decode(stdout).trim(), "128");
});

Deno.test("llvmpipe computes with vectors of the width asked for", async () => {
  const { description } = (await gpu()).adapter;
  const width = Deno.env.get(WIDTH_VARIABLE);
  const told = /llvmpipe \(.* (\d+) bits\)/.exec(description)?.[1];
  if (told !== undefined && width !== undefined) assertEquals(told, width);
});
