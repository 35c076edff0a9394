/**
 * Lanes: the widest vectors that rows of a width divide into.
 *
 * @module
 */
import lane1 from "../../../shaders/shape/lane1.wgsl" with { type: "text" };
import lane2 from "../../../shaders/shape/lane2.wgsl" with { type: "text" };
import lane4 from "../../../shaders/shape/lane4.wgsl" with { type: "text" };
import type { DeviceProfile } from "../../gpu/profile.ts";

/** How rows of one width divide into lanes. */
export interface Lanes {
  /** Floats in a lane: 4, 2 or 1. */
  readonly width: number;
  /** Lanes in a row. */
  readonly count: number;
  /** The shader part that declares `Lane`, by file. */
  readonly part: Readonly<Record<string, string>>;
}

/** Returns the lanes of rows of `dim` floats. */
export function lanesOf(dim: number): Lanes {
  if (dim % 4 === 0) return { width: 4, count: dim / 4, part: { lane4 } };
  if (dim % 2 === 0) return { width: 2, count: dim / 2, part: { lane2 } };
  return { width: 1, count: dim, part: { lane1 } };
}

/** Returns how many lanes of a row one thread takes. */
export function spanOf({ work }: DeviceProfile, lanes: number): number {
  return Math.min(lanes, work.lanesPerThread);
}
