/**
 * Starting threads that turn parts of files into cells.
 *
 * @module
 */
import { isGranted } from "../permission.ts";
import type { DataThreadPort, DataThreadWork } from "./data_thread_types.ts";

/** Folder of the modules that a thread loads. */
const SOURCES = new URL("../", import.meta.url);

/** Starts a thread; returns nothing where its modules may not be loaded, or there is no second core for it. */
export function startDataThread(work: DataThreadWork): DataThreadPort | undefined {
  const mayLoad = SOURCES.protocol === "file:"
    ? isGranted({ name: "read", path: SOURCES })
    : isGranted({ name: "net", host: SOURCES.host });
  if (!mayLoad || navigator.hardwareConcurrency < 2) return undefined;
  const module = work === "cutting"
    ? new URL("../data/cutting/thread.ts", import.meta.url)
    : new URL("../data/parquet/thread.ts", import.meta.url);
  return new Worker(module, { type: "module" });
}
