/**
 * The longest chain of dispatches that wait for one another: what a step takes at least, however wide a device is.
 *
 * @module
 */
import type { ImageCopy } from "../gpu/image.ts";
import { type BufferRange, type Dispatch, lengthOf } from "../gpu/kernel.ts";

/** A place in memory that a command reads or writes. */
export interface Access {
  /** Buffer or texture. */
  readonly resource: GPUBuffer | GPUTexture;
  /** First byte, and the one past the last. */
  readonly start: number;
  readonly end: number;
  readonly writes: boolean;
}

/** Something that a device runs in order. */
export interface Link {
  readonly accesses: readonly Access[];
  /** Whether it counts towards the length of a chain. */
  readonly counts: boolean;
}

interface Known extends Access {
  /** Length of the longest chain that ends with this access. */
  readonly length: number;
}

/** Returns a command of a plan as a link; copies into images make links wait, but are no dispatches. */
export function linkOf(command: Dispatch | ImageCopy): Link {
  if ("to" in command) {
    return { accesses: [accessOf(command.from, false), accessOfImage(command.to, true)], counts: false };
  }
  const accesses = (ranges: Dispatch["reads"], writes: boolean): Access[] =>
    ranges.map((range) => "view" in range ? accessOfImage(range.texture, writes) : accessOf(range, writes));
  return { accesses: [...accesses(command.reads, false), ...accesses(command.writes, true)], counts: true };
}

function accessOf(range: BufferRange, writes: boolean): Access {
  const { buffer, offset = 0 } = range;
  return { resource: buffer, start: offset, end: offset + lengthOf(range), writes };
}

function accessOfImage(resource: GPUTexture, writes: boolean): Access {
  return { resource, start: 0, end: 1, writes };
}

/**
 * Returns the length of the longest chain in which each link writes what the next one reads or writes, or reads what the
 * next one writes.
 */
export function longestChain(links: readonly Link[]): number {
  const known = new Map<GPUBuffer | GPUTexture, Known[]>();
  let longest = 0;
  for (const { accesses, counts } of links) {
    let length = 0;
    for (const access of accesses) {
      for (const other of known.get(access.resource) ?? []) {
        if (conflicts(access, other)) length = Math.max(length, other.length);
      }
    }
    if (counts) length++;
    for (const access of accesses) {
      // Whoever meets what is overwritten meets what overwrites it too, with a longer chain.
      const rest = (known.get(access.resource) ?? []).filter((other) => !(access.writes && covers(access, other)));
      known.set(access.resource, [...rest, { ...access, length }]);
    }
    longest = Math.max(longest, length);
  }
  return longest;
}

function conflicts(a: Access, b: Access): boolean {
  return (a.writes || b.writes) && a.start < b.end && b.start < a.end;
}

function covers(a: Access, b: Access): boolean {
  return a.start <= b.start && b.end <= a.end;
}
