/**
 * Tensors that are handed in by name.
 *
 * @module
 */
import type { CheckpointTensor } from "../checkpoint/content.ts";

/**
 * Returns the numbers of the tensor of that name.
 *
 * @throws {TypeError} when it is missing or has another shape
 */
export function pick(
  tensors: Readonly<Record<string, CheckpointTensor>>,
  name: string,
  shape: readonly number[],
): Float32Array<ArrayBuffer> {
  const tensor = tensors[name];
  if (!tensor) throw new TypeError(`Cannot load parameters: "${name}" is missing`);
  if (tensor.shape.join() !== shape.join()) {
    throw new TypeError(`Cannot load parameters: "${name}" must have shape [${shape}], received [${tensor.shape}]`);
  }
  const size = shape.reduce((product, dim) => product * dim, 1);
  if (!(tensor.data instanceof Float32Array && tensor.data.length === size)) {
    const received = `${tensor.data.constructor.name} of ${tensor.data.length}`;
    throw new TypeError(`Cannot load parameters: "${name}" must be a Float32Array of ${size}, received ${received}`);
  }
  return tensor.data as Float32Array<ArrayBuffer>;
}
