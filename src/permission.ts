/**
 * Permissions of the host runtime.
 *
 * @module
 */

/** Returns whether a permission is granted, without asking for it. */
export function isGranted(permission: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(permission).state === "granted";
}
