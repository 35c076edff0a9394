/**
 * Files that are there for a while.
 *
 * @module
 */

/** A path that can be written, removed at the end with its folder. */
export interface TemporaryFile extends AsyncDisposable {
  /** Path of a file that does not exist yet. */
  readonly path: string;
}

/** Makes a fresh folder for a file. */
export async function temporaryFile(name: string): Promise<TemporaryFile> {
  const folder = await Deno.makeTempDir({ prefix: "weft-" });
  return {
    path: `${folder}/${name}`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
