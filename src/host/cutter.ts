/**
 * Starting a thread that cuts lines into cells.
 *
 * @module
 */
import { isGranted } from "../permission.ts";
import type { CutterThread } from "./cutter_types.ts";

/** Folder of the modules that the thread loads. */
const SOURCES = new URL("../", import.meta.url);

/** Starts the thread; returns nothing where its modules may not be loaded, or there is no second core for it. */
export function startCutter(): CutterThread | undefined {
  const mayLoad = SOURCES.protocol === "file:"
    ? isGranted({ name: "read", path: SOURCES })
    : isGranted({ name: "net", host: SOURCES.host });
  if (!mayLoad || navigator.hardwareConcurrency < 2) return undefined;
  return new Worker(new URL("../data/cutting/thread.ts", import.meta.url), { type: "module" });
}
