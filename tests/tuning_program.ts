/**
 * Keeps measured kernels in the default file, and prints where it is and how many it had before and after. A program of its
 * own: the variables that name the folder are those of all threads of a process.
 */
import { defaultTuningFile, loadTuning, saveTuning } from "../src/tuning_file.ts";
import { deviceWith } from "./tuned_device.ts";

const file = defaultTuningFile();
const before = await loadTuning(await deviceWith([]));
await saveTuning(await deviceWith(["sum size=1"]));
const after = await loadTuning(await deviceWith([]));
Deno.env.delete("XDG_CACHE_HOME");
console.log(JSON.stringify({ file, before, after, without: defaultTuningFile() }));
