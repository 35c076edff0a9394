/**
 * Where Weft keeps what it can make again.
 *
 * @module
 */
import { isGranted } from "./permission.ts";

/** Variables that name the folder. */
const VARIABLES = ["XDG_CACHE_HOME", "HOME", ...(Deno.build.os === "windows" ? ["LOCALAPPDATA"] : [])];

/** Returns whether the variables that name the user's folder for caches may be read. */
export function mayFindCacheFolder(): boolean {
  return VARIABLES.every((variable) => isGranted({ name: "env", variable }));
}

/** Returns the user's folder for caches. */
export function cacheFolder(): string {
  const { env, build } = Deno;
  const chosen = env.get("XDG_CACHE_HOME") || (build.os === "windows" ? env.get("LOCALAPPDATA") : undefined);
  return chosen || `${env.get("HOME") ?? ""}/.cache`;
}
