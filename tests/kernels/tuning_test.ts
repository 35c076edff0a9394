import { KernelSet } from "../../src/kernels/set.ts";
import { adoptTuning, formatTuning, mergeTuning, parseTuning, tunedAdapter } from "../../src/kernels/tuning.ts";
import { VERSION } from "../../src/version.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { profileOf } from "../software/profiles.ts";

const PROFILE = profileOf("any driver", 1);
const CHOICE = { variant: "fast", fitting: ["plain", "fast"] };

function setOf(choices: Record<string, typeof CHOICE>, description = PROFILE.description): KernelSet {
  const set = new KernelSet({ ...PROFILE, description });
  for (const [key, choice] of Object.entries(choices)) set.tuning.set(key, choice);
  return set;
}

Deno.test("measured kernels are the same after they were written and read", () => {
  const text = formatTuning(mergeTuning(setOf({ "sum size=2": CHOICE, "sum size=1": CHOICE }), []));
  const set = setOf({});
  assertEquals(adoptTuning(set, parseTuning(text)), 2);
  assertEquals(set.tuning, new Map([["sum size=1", CHOICE], ["sum size=2", CHOICE]]));
  assertEquals(formatTuning(parseTuning(text)), text);
  assertEquals(JSON.parse(text).adapters[0], {
    adapter: "any driver",
    vendor: "",
    kind: "software",
    runtime: navigator.userAgent,
    weft: VERSION,
    kernels: { "sum size=1": CHOICE, "sum size=2": CHOICE },
  });
});

Deno.test("each adapter has its own measured kernels, and those of one are added up", () => {
  const first = mergeTuning(setOf({ "sum size=1": CHOICE }), []);
  const both = mergeTuning(setOf({ "sum size=2": CHOICE }, "other driver"), first);
  const all = mergeTuning(setOf({ "sum size=3": CHOICE }), both);
  const adopted = (description: string): string[] => {
    const set = setOf({}, description);
    adoptTuning(set, all);
    return [...set.tuning.keys()];
  };
  assertEquals(adopted("any driver"), ["sum size=1", "sum size=3"]);
  assertEquals(adopted("other driver"), ["sum size=2"]);
  assertEquals(adopted("third driver"), []);
});

Deno.test("what other versions measured does not count, and gives way", () => {
  const own = tunedAdapter(PROFILE);
  for (const stale of [{ weft: "0.0.1" }, { runtime: "Deno/1.0.0" }, { kind: "gpu" as const }]) {
    const before = [{ ...own, ...stale, kernels: { "sum size=1": CHOICE } }];
    assertEquals(adoptTuning(setOf({}), before), 0);
    const after = mergeTuning(setOf({ "sum size=2": CHOICE }), before);
    assertEquals(after.at(-1), { ...own, kernels: { "sum size=2": CHOICE } });
    assertEquals(after.length, stale.kind ? 2 : 1);
  }
  assertEquals(parseTuning('{"format": 2, "machines": {}}'), []);
});

Deno.test("damaged texts are refused with what is wrong", () => {
  const own = tunedAdapter(PROFILE);
  const withKernels = (kernels: unknown): string => JSON.stringify({ format: 1, adapters: [{ ...own, kernels }] });
  const cases: [string, string][] = [
    ["", "it must be JSON: "],
    ['{"format": 1, "adap', "it must be JSON: "],
    ["[]", 'it must be an object with a "format"'],
    ['{"format": 1}', 'it must have a list of "adapters"'],
    ['{"format": 1, "adapters": [{}]}', "adapter 1 must have strings and kernels"],
    [withKernels({ "sum size=1": "fast" }), "adapter 1 must have strings and kernels"],
    [withKernels({ "sum size=1": { variant: "fast", fitting: ["plain"] } }), "adapter 1 must have"],
    [withKernels([]), "adapter 1 must have"],
  ];
  for (const [text, message] of cases) assertThrows(() => parseTuning(text), SyntaxError, message);
});

Deno.test("the version is that of deno.json", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  assertEquals(VERSION, version);
});
