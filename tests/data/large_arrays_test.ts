import { limitMemory, parseBytes } from "../../src/data/large_arrays.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { readData } from "../../src/data/read_data.ts";
import { readDataSplit } from "../../src/data/refit.ts";
import { categorical, numeric, type Schema, sequence } from "../../src/data/schema.ts";
import { allocateScratch, mapFile } from "../../src/host/scratch.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { inFolder } from "../folder.ts";

const SCHEMA: Schema = {
  label: "y",
  time: "t",
  features: [
    ...["a", "b", "c"].map((name) => categorical(name)),
    numeric("n", { scale: "standard" }),
    numeric("m", { buckets: 5 }),
    sequence("s", { of: "a" }),
  ],
};

const ROWS = 100_000;

async function write(folder: string): Promise<string> {
  const lines = Array.from({ length: ROWS }, (_, row) => {
    const s = row % 3 === 0 ? "" : `a${row % 11}|a${row % 7}`;
    return `${Number(row % 4 === 0)},${row},a${row % 13},b${row % 1009},c${row % 17},${row % 101},${row % 29},${s}`;
  });
  await Deno.writeTextFile(`${folder}/t.csv`, ["y,t,a,b,c,n,m,s", ...lines].join("\n"));
  return `${folder}/t.csv`;
}

function contentOf({ schema, ...rest }: Dataset) {
  return { ...rest, schema: JSON.stringify(schema.toJSON()) };
}

/** Counts the files of a name that are mapped to the memory of this process; nothing where the system does not tell. */
function countMapped(pattern: RegExp): number | undefined {
  if (Deno.build.os !== "linux") return undefined;
  return Deno.readTextFileSync("/proc/self/maps").split("\n").filter((line) => pattern.test(line)).length;
}

const isMappable = Deno.build.os !== "windows";

Deno.test({
  name: "memory in files keeps what is written when the system takes it back",
  ignore: !isMappable,
  fn: () =>
    inFolder(async (folder) => {
      const { buffer, release } = allocateScratch(folder, 1 << 20);
      const numbers = new Uint32Array(buffer);
      assert(numbers.every((number) => number === 0));
      numbers.forEach((_, i) => numbers[i] = 3 * i);
      release();
      assert(numbers.every((number, i) => number === 3 * i));
      await Deno.writeFile(`${folder}/f`, new Uint8Array([1, 2, 3, 4]));
      assertEquals([...new Uint8Array(mapFile(`${folder}/f`).buffer)], [1, 2, 3, 4]);
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["f"], "scratch files have no names");
    }),
});

Deno.test({
  name: "rows that are read within a limit of memory have the same bytes, and so have parts and rows of a cache",
  ignore: !isMappable,
  fn: () =>
    inFolder(async (folder) => {
      const path = await write(folder);
      const fractions = [0.7, 0.3];
      const expected = await readData(path, SCHEMA);
      const expectedParts = await readDataSplit(path, SCHEMA, fractions, { seed: 1 });
      const memory = 256e6;
      const data = await readData(path, SCHEMA, { memory, cache: `${folder}/cache` });
      const scratch = countMapped(/\.scratch \(deleted\)/);
      assert(scratch === undefined || scratch >= 2, `${scratch} arrays are in files`);
      assertEquals(contentOf(data), contentOf(expected));
      const said: string[] = [];
      const onCache = (message: string) => void said.push(message);
      const kept = await readData(path, SCHEMA, { memory, cache: `${folder}/cache`, onCache });
      assertEquals(said.map((text) => text.slice(0, 22)), ["cache: using the rows "]);
      const mapped = countMapped(/\/cache\/.*\.weft/);
      assert(mapped === undefined || mapped > 0, "the rows of the cache are mapped");
      assertEquals(contentOf(kept), contentOf(expected));
      const parts = await readDataSplit(path, SCHEMA, fractions, { seed: 1, memory });
      assertEquals(parts.map(contentOf), expectedParts.map(contentOf));
      assertEquals(contentOf(kept.slice(10, 90_000)), contentOf(expected.slice(10, 90_000)));
    }),
});

Deno.test("sizes are numbers of bytes, with units of 1000 or 1024", async () => {
  const sizes = ["2GB", "800MB", "1.5 GiB", "512k", "1e9", "300000000", "GB", "-1"];
  assertEquals(sizes.map(parseBytes), [2e9, 8e8, 1.5 * 2 ** 30, 512e3, undefined, 3e8, undefined, undefined]);
  await assertRejects(() => limitMemory(1e6), RangeError, "Cannot limit memory: it must be 256000000 bytes at least");
});
