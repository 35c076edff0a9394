/**
 * What the library needs of the machine that it runs on: files and adapters, here by Deno.
 *
 * All else of the library but the command line is free of the host. A page has `page.ts` in place of this file: an import
 * map, or an alias of a bundler, puts it there.
 *
 * @module
 */
export { listAdapters, requestAdapter } from "../adapter.ts";
export { mapCheckpoint, readCheckpoint, requireSavable, writeCheckpoint } from "../checkpoint.ts";
export { listenGrpc } from "./grpc.ts";
export { exists, makeFolder, openFile, openRanges, readFolder, removeFile, stampFile } from "./files.ts";
export type { ByteRanges, FileStamp, FolderEntry } from "./file_types.ts";
export { listen } from "./listen.ts";
export type { GrpcListener, GrpcListenOptions, Listener, ListenOptions } from "./listen_types.ts";
export { openLogFolder } from "./log_folder.ts";
export type { LineFile, LogFolder } from "./log_types.ts";
export { allocateScratch, mapFile, residentBytes } from "./scratch.ts";
export type { MappedBytes } from "./scratch_types.ts";
export { withTemporaryFile } from "./temporary.ts";
export { loadTuning, saveTuning } from "../tuning_file.ts";

/**
 * Whether a buffer holds what the device wrote as soon as the call that maps it returns. Deno's does, in the versions that
 * this was tried with.
 */
export const MAPS_AT_ONCE: boolean = /^2\.(9|[1-9]\d)\./.test(Deno.version.deno);
