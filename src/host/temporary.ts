/**
 * Files that are there for a while.
 *
 * @module
 */

/** Runs `body` with the path of a file that does not exist yet, in a fresh folder that is removed afterwards. */
export async function withTemporaryFile<T>(name: string, body: (path: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "weft-" });
  try {
    return await body(`${folder}/${name}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
