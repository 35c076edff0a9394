/**
 * Permissions of the host runtime.
 *
 * @module
 */

/** Returns whether a permission is granted, and no part of it is denied, without asking for it. */
export function isGranted(permission: Deno.PermissionDescriptor): boolean {
  const { state, partial } = Deno.permissions.querySync(permission);
  return state === "granted" && !partial;
}

/**
 * Looks at a file or folder of the system without asking for a permission.
 *
 * @returns what `look` returns, or `missing` when the path does not exist or may not be read
 */
export function lookIfGranted<T>(path: string, missing: T, look: (path: string) => T): T {
  if (!isGranted({ name: "read", path })) return missing;
  try {
    return look(path);
  } catch (error) {
    // Reading below /proc needs more than the permission to read, which a query does not tell.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return missing;
    throw error;
  }
}
