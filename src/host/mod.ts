/**
 * What the library needs of the machine that it runs on: files and adapters, here by Deno.
 *
 * All else of the library but the command line is free of the host. A page has `page.ts` in place of this file: an import
 * map, or an alias of a bundler, puts it there.
 *
 * @module
 */
export { listAdapters, nameVendor, requestAdapter } from "../adapter.ts";
export { mapCheckpoint, readCheckpoint, requireSavable, writeCheckpoint } from "../checkpoint.ts";
export { listenGrpc } from "./grpc.ts";
export { exists, makeFolder, openFile, openRanges, readFolder, removeFile, stampFile } from "./files.ts";
export type { ByteRanges, FileStamp, FolderEntry } from "./file_types.ts";
export { startDataThread } from "./data_thread.ts";
export type { DataThreadPort, DataThreadWork } from "./data_thread_types.ts";
export { listen } from "./listen.ts";
export type { GrpcListener, GrpcListenOptions, Listener, ListenOptions } from "./listen_types.ts";
export { openLogFolder } from "./log_folder.ts";
export type { LineFile, LogFolder } from "./log_types.ts";
export { allocateScratch, mapFile, residentBytes } from "./scratch.ts";
export type { MappedBytes } from "./scratch_types.ts";
export { isRunOpen, openRunFiles, readTextIfThere } from "./run_files.ts";
export type { AppendedFile, RunFiles } from "./run_types.ts";
export { temporaryFile } from "./temporary.ts";
export { loadTuning, saveTuning } from "../tuning_file.ts";

/**
 * Whether a buffer holds what the device wrote as soon as the call that maps it returns. Deno's does, in the versions that
 * this was tried with.
 */
export const MAPS_AT_ONCE: boolean = /^2\.(9|[1-9]\d)\./.test(Deno.version.deno);

/** Versions of what runs the library. */
export const RUNTIME: { readonly deno?: string; readonly v8?: string } = {
  deno: Deno.version.deno,
  v8: Deno.version.v8,
};

/** Tells whose WebGPU a device is of. */
export function backendOf(device: GPUDevice): "deno" | "dawn" | "browser" {
  return device instanceof GPUDevice ? "deno" : "dawn";
}
