/**
 * Memory plan: which intermediate tensors share a buffer.
 *
 * Buffers, not offsets into one buffer: a dispatch may not bind one buffer both for reading and for writing.
 *
 * @module
 */
import type { Node } from "./node.ts";
import { sizeOf, type Tensor } from "./tensor.ts";

/** An assignment of tensors to slots. */
export interface MemoryPlan {
  /** Slot by tensor, for tensors that own memory. */
  readonly slots: ReadonlyMap<Tensor, number>;
  /** Bytes of each slot. */
  readonly bytes: readonly number[];
  /** Largest sum of the bytes of tensors that are alive at one time. */
  readonly peak: number;
}

/** Follows aliases down to the tensor that owns the memory. */
export function ownerOf(tensor: Tensor): Tensor {
  let owner = tensor;
  while (owner.node?.op.alias) owner = owner.node.inputs[0];
  return owner;
}

/**
 * Assigns slots by liveness: a tensor takes the best-fitting free slot, which grows if it must.
 *
 * @param nodes nodes in order of execution
 * @param batch rows of the batch
 * @param pinned tensors that live outside the arena
 * @param kept tensors whose numbers are read after the last node
 * @param scratch memory that nodes asked for besides their outputs, each for itself
 */
export function planMemory(
  nodes: readonly Node[],
  batch: number,
  pinned: ReadonlySet<Tensor>,
  kept: readonly Tensor[],
  scratch: ReadonlyMap<Node, readonly Tensor[]> = new Map(),
): MemoryPlan {
  const lastUse = lastUses(nodes);
  for (const tensor of kept) lastUse.set(ownerOf(tensor), nodes.length);
  const slots = new Map<Tensor, number>();
  const made = new Map<Tensor, number>();
  const bytes: number[] = [];
  const free: number[] = [];
  let live = 0;
  let peak = 0;
  nodes.forEach((node, i) => {
    if (node.op.alias) return;
    const owned = [...node.outputs.filter((output) => !pinned.has(output)), ...scratch.get(node) ?? []];
    const sizes = new Map(owned.map((output) => [output, 4 * sizeOf(output.shape, batch)]));
    // Largest first, lest a small output takes the slot that the large one would have fitted.
    for (const [output, size] of [...sizes].sort(([, a], [, b]) => b - a)) {
      live += size;
      slots.set(output, takeSlot(size, bytes, free));
      made.set(output, i);
    }
    peak = Math.max(peak, live);
    for (const [tensor, slot] of slots) {
      if ((lastUse.get(tensor) ?? made.get(tensor)) !== i) continue;
      free.push(slot);
      live -= 4 * sizeOf(tensor.shape, batch);
    }
  });
  return { slots, bytes, peak };
}

function lastUses(nodes: readonly Node[]): Map<Tensor, number> {
  const last = new Map<Tensor, number>();
  nodes.forEach((node, i) => {
    if (node.op.alias) return;
    for (const input of node.inputs) last.set(ownerOf(input), i);
  });
  return last;
}

function takeSlot(size: number, bytes: number[], free: number[]): number {
  let best = -1;
  for (const slot of free) {
    const fits = bytes[slot] >= size;
    const bestFits = best >= 0 && bytes[best] >= size;
    if (best < 0 || (fits && !bestFits) || (fits === bestFits && fits === bytes[slot] < bytes[best])) best = slot;
  }
  if (best < 0) return bytes.push(size) - 1;
  free.splice(free.indexOf(best), 1);
  bytes[best] = Math.max(bytes[best], size);
  return best;
}
