/**
 * Scratch memory for dispatches that repeat.
 *
 * @module
 */
import type { Gpu } from "../../gpu/device.ts";
import type { Emitter } from "../../graph/node.ts";
import type { Tensor } from "../../graph/tensor.ts";

/** Returns the bytes that a window of an op may take: `most`, as far as they suit the device and it binds them. */
export function windowBytes({ profile: { limits, work } }: Gpu, most = Infinity): number {
  return Math.min(most, work.windowBytes, limits.bindingBytes);
}

/**
 * Returns a function that starts a round: what it returns gives each round the scratch memory of the rounds before, so
 * that an op which works in windows takes memory for one window.
 */
export function rounds(k: Emitter): () => Emitter {
  const known = new Map<string, Tensor>();
  return () => {
    const counts = new Map<string, number>();
    return {
      ...k,
      scratch: (shape, dtype) => {
        const kind = `${shape} ${dtype ?? "f32"}`;
        const count = counts.get(kind) ?? 0;
        counts.set(kind, count + 1);
        const key = `${kind} ${count}`;
        const tensor = known.get(key) ?? k.scratch(shape, dtype);
        known.set(key, tensor);
        return tensor;
      },
    };
  };
}
