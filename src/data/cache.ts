/**
 * Encoded rows kept in a folder, so that the same files with the same schema and options are encoded once.
 *
 * A file of it is a container of `../checkpoint.ts`, checksummed and replaced whole. Its name is made of the digests of
 * what the rows depend on, so that another schema has another file, and a glance at the names tells what has changed.
 *
 * @module
 */
import type { Checkpoint, Json } from "../checkpoint/content.ts";
import {
  exists,
  makeFolder,
  mapCheckpoint,
  readCheckpoint,
  readFolder,
  removeFile,
  writeCheckpoint,
} from "../host/mod.ts";
import { type CacheKey, cacheKey, type CacheSubject } from "./cache_key.ts";
import { Dataset } from "./dataset.ts";
import { packDataset, unpackDataset } from "./dataset_file.ts";
import { FittedSchema } from "./fitted_schema.ts";
import { formatValue } from "./format.ts";
import { isLimited, keepWithinMemory, mapTracked } from "./large_arrays.ts";

/** Rows that may be in a folder. */
export interface CacheRequest extends CacheSubject {
  /** The folder; it is made where it is not there. */
  readonly folder: string;
  /** Told in a sentence whether rows are encoded, and why. */
  readonly say?: (message: string) => void;
}

const KIND = "weft encoded rows";

/** Milliseconds between two looks at the memory while the file is written. */
const LOOK_MS = 50;

const NAME = /^([0-9a-f]+)-([0-9a-f]+)-([0-9a-f]+)-([0-9a-f]+)\.weft$/;

/**
 * Returns the data sets of a folder, or encodes them and puts them there. A damaged file is never used: the rows are
 * encoded afresh. Files of other content under the same names of sources take the place of the old ones.
 *
 * @param encode reads the rows and divides them; the parts share one schema
 * @throws {TypeError} when a source can be read once only
 * @throws {Error} when the folder cannot be made, or as `encode` does
 */
export async function throughCache(request: CacheRequest, encode: () => Promise<Dataset[]>): Promise<Dataset[]> {
  const { folder, say = () => {} } = request;
  const key = await cacheKey(request);
  const path = `${folder}/${nameOf(key)}`;
  if (await exists(path)) {
    const kept = await load(path, key, request, say);
    if (kept) return kept;
  } else say(`cache: encoding the rows, ${await explain(folder, key)}`);
  await makeFolder(folder);
  const parts = await encode();
  if ((await cacheKey(request)).files !== key.files) {
    say("warning: the files changed while they were read; the rows are not cached");
    return parts;
  }
  await store(path, key, request, parts, say);
  return parts;
}

function nameOf({ sources, schema, reading, files }: CacheKey): string {
  return `${sources}-${schema}-${reading}-${files}.weft`;
}

/** Reads the data sets of a file; nothing when it is damaged, or of another version. */
async function load(
  path: string,
  key: CacheKey,
  { schema }: CacheRequest,
  say: (message: string) => void,
): Promise<Dataset[] | undefined> {
  try {
    const { header, tensors } = isLimited() ? await mapCheckpoint(path, mapTracked) : await readCheckpoint(path);
    if (header.kind !== KIND || nameOf(header.key as unknown as CacheKey) !== nameOf(key)) {
      throw new SyntaxError(`Cannot load "${path}": it must hold encoded rows, received ${formatValue(header.kind)}`);
    }
    const fitted = schema instanceof FittedSchema ? schema : FittedSchema.fromJSON(header.schema);
    const parts = (header.parts as unknown as Checkpoint["header"][]).map((part, p) =>
      new Dataset(unpackDataset(path, { header: part, tensors }, fitted, `${p}.`))
    );
    say(`cache: using the rows of ${path}`);
    return parts;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError || error instanceof TypeError)) throw error;
    say(`warning: ${error.message}; encoding the rows afresh`);
    return undefined;
  }
}

async function store(
  path: string,
  key: CacheKey,
  { folder, schema }: CacheRequest,
  parts: readonly Dataset[],
  say: (message: string) => void,
): Promise<void> {
  const packed = parts.map((part, p) => packDataset(part, `${p}.`));
  const header = {
    kind: KIND,
    key: { ...key },
    // Rows of a fitted schema are found by that schema.
    ...(schema instanceof FittedSchema ? {} : { schema: parts[0].schema.toJSON() }),
    parts: packed.map((part) => part.header as Json),
  };
  // Writing reads all arrays.
  const timer = setInterval(keepWithinMemory, LOOK_MS);
  try {
    await writeCheckpoint(path, { header, tensors: Object.assign({}, ...packed.map(({ tensors }) => tensors)) });
  } catch (error) {
    // The rows are good without it.
    say(`warning: ${error instanceof Error ? error.message : error}; the rows are not cached`);
    return;
  } finally {
    clearInterval(timer);
  }
  for (const { name, digests } of await listFiles(folder)) {
    const isOld = digests.sources === key.sources && digests.schema === key.schema && digests.reading === key.reading;
    if (isOld && digests.files !== key.files) await removeFile(`${folder}/${name}`);
  }
}

/** Says what is new about rows that a folder does not have. */
async function explain(folder: string, { sources, schema, reading }: CacheKey): Promise<string> {
  const known = (await listFiles(folder)).map(({ digests }) => digests).filter((other) => other.sources === sources);
  if (known.length === 0) return "which it does not have";
  const [sameSchema, sameReading] = [
    known.filter((other) => other.schema === schema),
    known.filter((other) => other.reading === reading),
  ];
  if (sameSchema.some((other) => other.reading === reading)) return "since the files have changed";
  if (sameSchema.length > 0) return "which it has with other options";
  return `which it has with another schema${sameReading.length > 0 ? "" : " and other options"}`;
}

async function listFiles(folder: string): Promise<{ name: string; digests: CacheKey }[]> {
  return (await readFolder(folder) ?? []).flatMap(({ name }) => {
    const [match, sources, schema, reading, files] = NAME.exec(name) ?? [];
    return match === undefined ? [] : [{ name, digests: { sources, schema, reading, files } }];
  });
}
