/**
 * What generated texts are written with: the indices that they are unrolled over, and how a kernel begins.
 *
 * @module
 */

/** Returns 0 to `size - 1`. */
export function range(size: number): number[] {
  return Array.from({ length: size }, (_, i) => i);
}

/** Returns all pairs of a row and a column, row by row. */
export function cells(rows: number, columns: number): [number, number][] {
  return range(rows).flatMap((i) => range(columns).map((c): [number, number] => [i, c]));
}

/** Writes the beginning of a kernel whose invocations are numbered by `id`. */
export function openEntry(name: string, lanes: number, id = "i"): string {
  return `@compute @workgroup_size(${lanes})
fn ${name}(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let ${id} = linear_group(group, groups) * ${lanes}u + lane;`;
}
