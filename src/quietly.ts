/**
 * Looking for adapters without noise on stderr.
 *
 * @module
 */
import { isGranted } from "./permission.ts";

/** Keeps the Wayland client that EGL tries from complaining on stderr about a server that has no desktop. */
export async function quietly<T>(look: () => Promise<T>): Promise<T> {
  const mayNotSet = Deno.build.os !== "linux" || !isGranted({ name: "env", variable: "XDG_RUNTIME_DIR" });
  if (mayNotSet || Deno.env.has("XDG_RUNTIME_DIR")) return await look();
  Deno.env.set("XDG_RUNTIME_DIR", "/nonexistent");
  try {
    return await look();
  } finally {
    Deno.env.delete("XDG_RUNTIME_DIR");
  }
}
