/**
 * Tensors that are handed in by name.
 *
 * @module
 */
import type { CheckpointTensor, TensorData } from "../checkpoint/content.ts";

/**
 * Returns the numbers of the tensor of that name.
 *
 * @throws {TypeError} when it is missing, has another shape, or numbers of another kind
 */
export function pick(
  tensors: Readonly<Record<string, CheckpointTensor>>,
  name: string,
  shape: readonly number[],
): Float32Array<ArrayBuffer> {
  return pickAs(Float32Array, tensors, name, shape) as Float32Array<ArrayBuffer>;
}

/**
 * Returns the words of the tensor of that name.
 *
 * @throws {TypeError} when it is missing, has another shape, or is none of words
 */
export function pickWords(
  tensors: Readonly<Record<string, CheckpointTensor>>,
  name: string,
  count: number,
): Uint32Array<ArrayBuffer> {
  return pickAs(Uint32Array, tensors, name, [count]) as Uint32Array<ArrayBuffer>;
}

function pickAs(
  kind: typeof Float32Array | typeof Uint32Array,
  tensors: Readonly<Record<string, CheckpointTensor>>,
  name: string,
  shape: readonly number[],
): TensorData {
  const tensor = tensors[name];
  if (!tensor) throw new TypeError(`Cannot load parameters: "${name}" is missing`);
  if (tensor.shape.join() !== shape.join()) {
    throw new TypeError(`Cannot load parameters: "${name}" must have shape [${shape}], received [${tensor.shape}]`);
  }
  const size = shape.reduce((product, dim) => product * dim, 1);
  if (!(tensor.data instanceof kind && tensor.data.length === size)) {
    const received = `${tensor.data.constructor.name} of ${tensor.data.length}`;
    throw new TypeError(`Cannot load parameters: "${name}" must be a ${kind.name} of ${size}, received ${received}`);
  }
  return tensor.data;
}
