/**
 * What encoded rows depend on: files, schema and options of reading, as digests.
 *
 * @module
 */
import { canonicalJson, type Json } from "../checkpoint/canonical_json.ts";
import { stampFile } from "../host/mod.ts";
import { FittedSchema } from "./fitted_schema.ts";
import { parseSchema, type Schema } from "./schema.ts";
import { nameSource, type Source } from "./source.ts";
import { listSources } from "./source_list.ts";

/** What rows are encoded from, and how. */
export interface CacheSubject {
  /** Files, folders and patterns. */
  readonly source: Source | readonly Source[];
  /** Declared or fitted; absent for files that bring their own. */
  readonly schema: Schema | FittedSchema | undefined;
  /** Options of reading, and how rows are divided; what is `undefined` counts as absent. */
  readonly reading: { readonly [key: string]: Json | undefined };
}

/** Digests of what rows are encoded from, one for each reason why they may have to be encoded afresh. */
export interface CacheKey {
  /** Names of the sources as they were given. */
  readonly sources: string;
  /** The schema. */
  readonly schema: string;
  /** The options. */
  readonly reading: string;
  /** The files: their paths, sizes and times, or their bytes. */
  readonly files: string;
}

// Raised whenever the same rows are encoded otherwise, or the file of them is laid out otherwise.
const VERSION = 2;

/** Hexadecimal digits of a digest: enough to tell the files of a folder apart. */
const DIGITS = 16;

/**
 * Digests what rows are encoded from.
 *
 * @throws {TypeError} when a source can be read once only, so that nothing tells what it held
 * @throws {Error} when a source does not exist, or a server does not tell the version of a file
 */
export async function cacheKey({ source, schema, reading }: CacheSubject): Promise<CacheKey> {
  const given = (Array.isArray(source) ? source : [source]).map(nameSource);
  const listed = await listSources(source);
  const stamps: Json[] = [];
  for (const one of listed) stamps.push(await stamp(one));
  const declared = schema instanceof FittedSchema ? schema.toJSON() : schema === undefined ? null : parseSchema(schema);
  return {
    sources: await digest(given, "sources"),
    schema: await digest(declared as unknown as Json, "schema"),
    reading: await digest({ ...reading, version: VERSION }, "options"),
    files: await digest(stamps, "files"),
  };
}

/** Returns what changes when a source holds other rows. Names count too, since they hold columns. */
async function stamp(source: Source): Promise<Json> {
  const name = nameSource(source);
  if (source instanceof Blob) return { name, bytes: await hash(await source.arrayBuffer()) };
  if (typeof source !== "string" && !(source instanceof URL)) return refuse(name);
  if (/^https?:/i.test(name)) return { name, version: await versionOf(name) };
  const found = await stampFile(/^file:/i.test(name) ? new URL(name) : name).catch((error) => {
    throw new Error(`Cannot read "${name}": ${error instanceof Error ? error.message : error}`, { cause: error });
  });
  return found ? { name, ...found } : refuse(name);
}

function refuse(name: string): never {
  throw new TypeError(
    `Cannot cache "${name}": it must be a file, whose size and time tell whether it changed, received a stream that can ` +
      "be read once",
  );
}

async function versionOf(address: string): Promise<Json> {
  const { headers } = await fetch(address, { method: "HEAD" });
  const version = headers.get("etag") ?? headers.get("last-modified");
  if (version !== null) return version;
  throw new Error(`Cannot cache "${address}": its server must tell an ETag or Last-Modified, received neither`);
}

async function digest(content: Json, name: string): Promise<string> {
  return (await hash(new TextEncoder().encode(canonicalJson(content, name)))).slice(0, DIGITS);
}

async function hash(bytes: BufferSource): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
