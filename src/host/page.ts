/**
 * What the library needs of the machine that it runs on, in a page: the browser's adapter, and no files.
 *
 * @module
 */
import type { Checkpoint } from "../checkpoint/content.ts";
import type { Gpu } from "../gpu/device.ts";
import type { AdapterOptions, AdapterReport, FoundAdapter } from "./adapter_types.ts";
import type { DataThreadPort, DataThreadWork } from "./data_thread_types.ts";
import type { GrpcListener, GrpcListenOptions, Listener, ListenOptions } from "./listen_types.ts";
import type { LogFolder } from "./log_types.ts";
import type { MappedBytes } from "./scratch_types.ts";
import type { ByteRanges, FileStamp, FolderEntry } from "./file_types.ts";
import type { RunFiles } from "./run_types.ts";

export type { DataThreadPort, DataThreadWork } from "./data_thread_types.ts";
export type { GrpcListener, GrpcListenOptions, Listener, ListenOptions } from "./listen_types.ts";
export type { ByteRanges, FileStamp, FolderEntry } from "./file_types.ts";
export type { MappedBytes } from "./scratch_types.ts";
export type { LineFile, LogFolder } from "./log_types.ts";
export type { AppendedFile, RunFiles } from "./run_types.ts";

/** Whether a buffer holds what the device wrote as soon as the call that maps it returns: no browser's does. */
export const MAPS_AT_ONCE = false;

/** Versions of what runs the library: a page does not tell. */
export const RUNTIME: { readonly deno?: string; readonly v8?: string } = {};

/** Tells whose WebGPU a device is of: in a page, the browser's. */
export function backendOf(_device: GPUDevice): "deno" | "dawn" | "browser" {
  return "browser";
}

/**
 * Returns the browser's adapter.
 *
 * @throws {Error} when it offers none
 */
export async function requestAdapter({ announce }: AdapterOptions = {}): Promise<FoundAdapter> {
  // Browsers without WebGPU have no such property.
  const gpu: GPU | undefined = navigator.gpu;
  const adapter = await gpu?.requestAdapter();
  if (!adapter) throw new Error("Cannot find a GPU adapter: the browser must offer WebGPU, received none");
  const { description, architecture, isFallbackAdapter } = adapter.info;
  const name = description || architecture || "adapter";
  const line = isFallbackAdapter ? `${name} (on the CPU)` : name;
  if (isFallbackAdapter) announce?.(`No GPU was found; using ${line}`);
  return { adapter, kind: isFallbackAdapter ? "bundled" : "hardware", description: line };
}

/** Names the maker of an adapter; browsers tell names. */
export function nameVendor(vendor: string): string {
  return vendor;
}

/** Lists adapters, which only a host that is no page can. */
export function listAdapters(_options: AdapterOptions = {}): Promise<AdapterReport[]> {
  return Promise.reject(new Error("Cannot list adapters: a page has one, which requestAdapter returns"));
}

/** Refuses to listen. */
export function listen(_handler: (request: Request) => Promise<Response>, _options: ListenOptions): Promise<Listener> {
  return Promise.reject(new Error("Cannot serve: a page cannot listen for requests"));
}

/** Refuses to listen. */
export function listenGrpc(
  _handler: (request: Request) => Promise<Response>,
  _options: GrpcListenOptions,
): Promise<GrpcListener> {
  return Promise.reject(new Error("Cannot serve: a page cannot listen for calls"));
}

/** Refuses to log. */
export function openLogFolder(path: string): Promise<LogFolder> {
  return Promise.reject(withoutFiles("log to", path));
}

/** Refuses to keep a run. */
export function openRunFiles(path: string): Promise<RunFiles> {
  return Promise.reject(withoutFiles("write run", path));
}

/** Finds no run. */
export function isRunOpen(_path: string): Promise<boolean> {
  return Promise.resolve(false);
}

/** Finds no file. */
export function readTextIfThere(_path: string): Promise<string | undefined> {
  return Promise.resolve(undefined);
}

/** Refuses to read a file. */
export function readCheckpoint(path: string): Promise<Checkpoint> {
  return Promise.reject(withoutFiles("load", path));
}

/** Refuses to read a file. */
export function mapCheckpoint(path: string, _map: (path: string) => ArrayBuffer): Promise<Checkpoint> {
  return Promise.reject(withoutFiles("load", path));
}

/** Refuses to write a file. */
export function writeCheckpoint(path: string, _checkpoint: Checkpoint): Promise<void> {
  return Promise.reject(withoutFiles("save", path));
}

/** Refuses any path. */
export function requireSavable(path: string): Promise<void> {
  return Promise.reject(withoutFiles("save", path));
}

/** Finds nothing: a page keeps what was measured in memory, as long as the device. Refuses a path. */
export function loadTuning(_gpu: Gpu, path?: string): Promise<number> {
  return path === undefined ? Promise.resolve(0) : Promise.reject(withoutFiles("read tuning", path));
}

/** Leaves what was measured in memory. Refuses a path. */
export function saveTuning(_gpu: Gpu, path?: string): Promise<void> {
  return path === undefined ? Promise.resolve() : Promise.reject(withoutFiles("write tuning", path));
}

/** Starts no thread. */
export function startDataThread(_work: DataThreadWork): DataThreadPort | undefined {
  return undefined;
}

/** Refuses to open a file. */
export function openFile(_path: string | URL): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  return Promise.reject(new Error(NO_FILES));
}

/** Refuses to open a file. */
export function openRanges(_path: string | URL): Promise<ByteRanges | undefined> {
  return Promise.reject(new Error(NO_FILES));
}

/** Refuses to keep memory in a file. */
export function allocateScratch(_folder: string | undefined, _bytes: number): MappedBytes {
  throw new Error(NO_FILES);
}

/** Refuses to map a file. */
export function mapFile(_path: string): MappedBytes {
  throw new Error(NO_FILES);
}

/** Knows nothing of the memory of a page. */
export function residentBytes(): number {
  return 0;
}

/** Refuses to look at a file. */
export function stampFile(_path: string | URL): Promise<FileStamp | undefined> {
  return Promise.reject(new Error(NO_FILES));
}

/** Refuses to make a folder. */
export function makeFolder(path: string): Promise<void> {
  return Promise.reject(withoutFiles("make", path));
}

/** Refuses to remove a file. */
export function removeFile(path: string): Promise<void> {
  return Promise.reject(withoutFiles("remove", path));
}

/** Finds no folder. */
export function readFolder(_path: string): Promise<FolderEntry[] | undefined> {
  return Promise.resolve(undefined);
}

/** Finds nothing. */
export function exists(_path: string): Promise<boolean> {
  return Promise.resolve(false);
}

/** Refuses to make a file. */
export function temporaryFile(_name: string): Promise<AsyncDisposable & { readonly path: string }> {
  return Promise.reject(new Error(NO_FILES));
}

const NO_FILES = "a page has no files; hand in a File, a Blob or an http address";

function withoutFiles(action: string, path: string): Error {
  return new Error(`Cannot ${action} "${path}": a page has no files`);
}
