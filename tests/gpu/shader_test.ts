import { shader, specialize } from "../../src/gpu/shader.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";

const KERNEL = `override SCALE: f32 = 1.0;  // factor
override FLIP: bool = false;
const BLOCK: u32 = 4u;
const RATE: f32 = 0.5;
const LOOSE = 3;
alias Lane = f32;
struct Params {
  size: u32,    // rows: u32
  shift: i32, scale: f32,
}
@group(0) @binding(3) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Lane>;
@group(0)
@binding(0) var<storage, read_write> y: array<Lane>;
@group(1) @binding(0) var<storage> rest: array<u32>;
var<workgroup> tile: array<f32, 4>;
`;

const parts = shader("parts", { first: "// one\n// two\n", second: KERNEL });

Deno.test("specialize reflects bindings by name", () => {
  const { bindings } = specialize(parts, {});
  assertEquals(
    bindings,
    new Map([
      ["params", { group: 0, slot: 3, type: "uniform" }],
      ["x", { group: 0, slot: 1, type: "read-only-storage" }],
      ["y", { group: 0, slot: 0, type: "storage" }],
      ["rest", { group: 1, slot: 0, type: "read-only-storage" }],
    ]),
  );
});

Deno.test("specialize reflects scalar parameters in order, and not what comments say", () => {
  assertEquals(specialize(parts, {}).params, [
    { name: "size", type: "u32" },
    { name: "shift", type: "i32" },
    { name: "scale", type: "f32" },
  ]);
});

Deno.test("specialize hands overrides to the pipeline and leaves the text alone", () => {
  const module = specialize(parts, { SCALE: 2.5, FLIP: true });
  assertEquals(module.overrides, { SCALE: 2.5, FLIP: 1 });
  assertEquals(module.code, specialize(parts, {}).code);
});

Deno.test("specialize rewrites const and alias lines by their type", () => {
  const { code, overrides } = specialize(parts, { BLOCK: 8, RATE: 1, LOOSE: 7, Lane: "vec4f" });
  for (
    const line of ["const BLOCK: u32 = 8u;", "const RATE: f32 = f32(1);", "const LOOSE = 7;", "alias Lane = vec4f;"]
  ) {
    assertStringIncludes(code, line);
  }
  assertEquals(overrides, {});
  assertEquals(code.split("\n").length, specialize(parts, {}).code.split("\n").length);
});

Deno.test("specialize refuses a constant that the shader does not have", () => {
  assertThrows(
    () => specialize(parts, { BLOK: 8 }),
    RangeError,
    'Cannot specialize parts: no constant has that name, received "BLOK"',
  );
  assertThrows(() => specialize(parts, { size: 8 }), RangeError, 'received "size"');
});

Deno.test("specialize locates each line of the text in its file", () => {
  const { code, locate } = specialize(parts, {});
  const lines = code.split("\n");
  assertEquals(locate(lines.indexOf("// two") + 1), "first.wgsl:2");
  assertEquals(locate(lines.findIndex((line) => line.startsWith("override SCALE")) + 1), "second.wgsl:1");
  assertEquals(locate(lines.findIndex((line) => line.startsWith("alias")) + 1), "second.wgsl:6");
  assert(locate(lines.length + 10) === "parts");
});

Deno.test("no two files of shaders have the same name, which is what messages show", () => {
  const root = new URL("../../shaders/", import.meta.url);
  const names = [...Deno.readDirSync(root)].flatMap(({ name }) =>
    [...Deno.readDirSync(new URL(`${name}/`, root))].map((file) => file.name)
  );
  assert(names.length > 100);
  assertEquals(new Set(names).size, names.length);
});
