import { Gpu } from "../src/gpu/device.ts";
import { kernelsOf } from "../src/kernels/set.ts";
import { defaultTuningFile, loadTuning, saveTuning } from "../src/tuning_file.ts";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { inFolder } from "./folder.ts";
import { gpu } from "./support.ts";

const CHOICE = { variant: "fast", fitting: ["plain", "fast"] };

/** Returns a device with kernels of its own that were measured. */
async function deviceWith(keys: readonly string[], description = "any adapter"): Promise<Gpu> {
  const { device, profile } = await gpu();
  const fresh = new Gpu(device, { ...profile, description });
  for (const key of keys) kernelsOf(fresh).tuning.set(key, CHOICE);
  return fresh;
}

Deno.test("measured kernels are added to a file and found by other devices of the adapter", () =>
  inFolder(async (folder) => {
    const path = `${folder}/tuning.json`;
    assertEquals(await loadTuning(await deviceWith([]), path), 0);
    await saveTuning(await deviceWith(["sum size=1"]), path);
    await saveTuning(await deviceWith(["sum size=2"], "other adapter"), path);
    await saveTuning(await deviceWith(["sum size=3"]), path);
    const device = await deviceWith([]);
    assertEquals(await loadTuning(device, path), 2);
    assertEquals([...kernelsOf(device).tuning.keys()], ["sum size=1", "sum size=3"]);
    assertEquals(await loadTuning(await deviceWith([], "third adapter"), path), 0);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["tuning.json"]);
  }));

Deno.test("a damaged file is refused with its name, and stays as it is", () =>
  inFolder(async (folder) => {
    const path = `${folder}/tuning.json`;
    await Deno.writeTextFile(path, '{"format": 1, "adapters": [');
    for (const use of [loadTuning, saveTuning]) {
      await assertRejects(
        async () => await use(await deviceWith(["sum size=1"]), path),
        SyntaxError,
        `Cannot read tuning "${path}": it must be JSON: `,
      );
    }
    assertEquals(await Deno.readTextFile(path), '{"format": 1, "adapters": [');
    const absent = `${folder}/absent/tuning.json`;
    await assertRejects(
      async () => await saveTuning(await deviceWith(["sum size=1"]), absent),
      Error,
      `Cannot write tuning "${absent}": `,
    );
  }));

Deno.test("the default file is in the user's folder for caches, which is made where it is missing", () =>
  inFolder(async (folder) => {
    const before = Deno.env.get("XDG_CACHE_HOME");
    Deno.env.set("XDG_CACHE_HOME", `${folder}/cache`);
    try {
      assertEquals(defaultTuningFile(), `${folder}/cache/weft/tuning.json`);
      assertEquals(await loadTuning(await deviceWith([])), 0);
      await saveTuning(await deviceWith(["sum size=1"]));
      assertEquals(await loadTuning(await deviceWith([])), 1);
      Deno.env.delete("XDG_CACHE_HOME");
      assertMatch(defaultTuningFile(), /^.+\/weft\/tuning\.json$/);
    } finally {
      if (before === undefined) Deno.env.delete("XDG_CACHE_HOME");
      else Deno.env.set("XDG_CACHE_HOME", before);
    }
  }));
