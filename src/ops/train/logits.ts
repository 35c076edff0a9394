/**
 * The shape of logits.
 *
 * @module
 */
import { formatShape, type Tensor } from "../../graph/tensor.ts";

/**
 * Refuses tensors that are not logits of one task.
 *
 * @param built op or model, as in `Cannot build <built>`
 * @throws {TypeError} when a shape is not `[B, 1]`
 */
export function requireLogits(built: string, logits: readonly Tensor[]): void {
  const other = logits.find(({ shape }) => shape.join() !== "B,1");
  if (!other) return;
  throw new TypeError(`Cannot build ${built}: logits must have shape [B, 1], received ${formatShape(other.shape)}`);
}
