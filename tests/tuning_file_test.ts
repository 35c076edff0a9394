import { kernelsOf } from "../src/kernels/set.ts";
import { loadTuning, saveTuning } from "../src/tuning_file.ts";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { inFolder } from "./folder.ts";
import { deviceWith } from "./tuned_device.ts";

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
    const program = new URL("tuning_program.ts", import.meta.url).pathname;
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", program],
      env: { XDG_CACHE_HOME: `${folder}/cache`, DENO_DIR: await cacheOfDeno() },
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const { without, ...told } = JSON.parse(new TextDecoder().decode(stdout));
    assertEquals(told, { file: `${folder}/cache/weft/tuning.json`, before: 0, after: 1 });
    assertMatch(without, /^.+\/weft\/tuning\.json$/);
  }));

/** Returns the folder of what Deno has fetched. */
async function cacheOfDeno(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}
