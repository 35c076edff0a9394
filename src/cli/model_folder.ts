/**
 * Files of the models that a command serves.
 *
 * @module
 */
import type { ModelFile } from "../serve/repository.ts";

/** Name of a model's file in the folder of its version. */
const FILE = "model.weft";
/** Name of the file of a model's own options. */
const OPTIONS = "config.json";

/**
 * Lists a folder of models: `NAME/VERSION/model.weft`, where versions are integers, and `NAME/config.json` has the model's
 * own options. Files and folders of other names are passed over, so that a version can be written under another name and
 * renamed when it is whole.
 *
 * @throws {Error} when the folder cannot be read
 */
export async function listModelFolder(folder: string): Promise<ModelFile[]> {
  const files: ModelFile[] = [];
  for (const name of await foldersIn(folder)) {
    const options = `${folder}/${name}/${OPTIONS}`;
    const own = await isFile(options) ? { options } : {};
    for (const version of await foldersIn(`${folder}/${name}`)) {
      const path = `${folder}/${name}/${version}/${FILE}`;
      if (/^\d{1,15}$/.test(version) && await isFile(path)) files.push({ name, version, path, ...own });
    }
  }
  return files.sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : Number(a.version) - Number(b.version));
}

async function foldersIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of readFolder(folder)) {
    // A link to a folder is one, which only asking for what it leads to tells.
    if ((await look(`${folder}/${name}`))?.isDirectory) names.push(name);
  }
  return names;
}

function readFolder(folder: string): AsyncIterable<Deno.DirEntry> {
  return {
    async *[Symbol.asyncIterator]() {
      try {
        yield* Deno.readDir(folder);
      } catch (error) {
        const { message } = error as Error;
        throw new Error(`Cannot list models: "${folder}" must be a folder, received ${message}`, { cause: error });
      }
    },
  };
}

async function isFile(path: string): Promise<boolean> {
  return (await look(path))?.isFile ?? false;
}

/** Passes over what cannot be looked at, such as a link that leads nowhere, unless a permission is lacking. */
async function look(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
}
