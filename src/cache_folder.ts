/**
 * Where Weft keeps what it can make again.
 *
 * @module
 */

/** Returns the user's folder for caches. */
export function cacheFolder(): string {
  const { env, build } = Deno;
  const chosen = env.get("XDG_CACHE_HOME") || (build.os === "windows" ? env.get("LOCALAPPDATA") : undefined);
  return chosen || `${env.get("HOME") ?? ""}/.cache`;
}
