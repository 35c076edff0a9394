/**
 * Which files are meant: folders of part files, patterns of names, and columns that the names of folders hold.
 *
 * @module
 */
import { exists, readFolder } from "../host/mod.ts";
import { globToRegExp } from "../std.ts";
import { formatText } from "./format.ts";
import { nameSource, type Source } from "./source.ts";

const PATTERN = /[*?[{]/;

/** The value of a partition column that tools of Hive's kind write for a missing one. */
const MISSING_PARTITION = "__HIVE_DEFAULT_PARTITION__";

/** A column whose value is in the name of a folder, the same for all rows of a file. */
export interface Partition {
  /** Name of the column. */
  readonly name: string;
  /** Its text in all rows; empty for a missing value. */
  readonly text: string;
}

/**
 * Returns the files that sources stand for. A folder stands for all files in it and in the folders below, a path with
 * `*`, `?`, `[a-z]`, `{a,b}` or `**` for the files and folders of such names, each list in the order of its paths. Names
 * that begin with `_` or `.` are left out, unless the pattern writes that character. A path that exists is no pattern.
 *
 * @throws {RangeError} when there is no source, a folder has no file, or no file has such a name
 * @throws {Error} when a folder cannot be read
 */
export async function listSources(source: Source | readonly Source[]): Promise<Source[]> {
  const sources = Array.isArray(source) ? source as readonly Source[] : [source as Source];
  if (sources.length === 0) throw new RangeError("Cannot read data: there must be a file, received none");
  return (await Promise.all(sources.map(listOne))).flat();
}

/** Returns the columns that the names of a source's folders hold: `dt` for `logs/dt=2026-11-27/part-0.csv`. */
export function partitionsOf(source: Source): Partition[] {
  const [path] = nameSource(source).split("?");
  return path.split("/").slice(0, -1).flatMap((folder) => {
    const at = folder.indexOf("=");
    if (at < 1) return [];
    const text = decode(folder.slice(at + 1));
    return [{ name: decode(folder.slice(0, at)), text: text === MISSING_PARTITION ? "" : text }];
  });
}

async function listOne(source: Source): Promise<Source[]> {
  // An address is one file; only the host knows what a path is.
  if (typeof source !== "string" || /^(https?|file):/i.test(source)) return [source];
  try {
    return await listPath(source);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot read "${source}": ${message}`, { cause: error });
  }
}

async function listPath(path: string): Promise<string[]> {
  const files = await listFolder(path.replace(/(?<=.)\/+$/, ""));
  if (files?.length === 0) throw new RangeError(`Cannot read "${path}": there must be a file in it, received none`);
  if (files) return files.sort();
  if (!PATTERN.test(path) || await exists(path)) return [path];
  const found = await expand("", path.split("/"));
  const matches = await Promise.all([...new Set(found)].map(async (match) => await listFolder(match) ?? [match]));
  if (matches.flat().length === 0) {
    throw new RangeError(`Cannot read ${formatText(path)}: a file must have such a name, received none`);
  }
  return matches.flat().sort();
}

/** Lists the files below a folder; nothing when it is none. */
async function listFolder(path: string): Promise<string[] | undefined> {
  const entries = await readFolder(path);
  const visible = entries?.filter(({ name }) => !isHidden(name));
  const lists = visible?.map(async ({ name, isFolder }) => {
    const inner = `${path}/${name}`;
    return isFolder ? await listFolder(inner) ?? [] : [inner];
  });
  return lists && (await Promise.all(lists)).flat();
}

/** Returns the paths that begin with `prefix` and go on with names that the parts of a pattern stand for. */
async function expand(prefix: string, [part, ...rest]: readonly string[]): Promise<string[]> {
  if (part === undefined) return await exists(prefix.slice(0, -1)) ? [prefix.slice(0, -1)] : [];
  if (!PATTERN.test(part)) return await expand(`${prefix}${part}/`, rest);
  const entries = await readFolder(prefix === "" ? "." : prefix) ?? [];
  const isAny = part === "**";
  const matcher = isAny ? /^/ : globToRegExp(part);
  const named = entries.filter(({ name }) => matcher.test(name) && (!isHidden(name) || name[0] === part[0]));
  const deeper = isAny
    ? named.filter(({ isFolder }) => isFolder).map(({ name }) => expand(`${prefix}${name}/`, [part, ...rest]))
    : named.map(({ name }) => expand(`${prefix}${name}/`, rest));
  return (await Promise.all(isAny ? [expand(prefix, rest.length > 0 ? rest : ["*"]), ...deeper] : deeper)).flat();
}

function isHidden(name: string): boolean {
  return name.startsWith("_") || name.startsWith(".");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
