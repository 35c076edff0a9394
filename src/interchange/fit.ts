/**
 * Tensors from elsewhere against those of a model: by name and shape, all of them.
 *
 * @module
 */
import type { CheckpointTensor } from "../checkpoint/content.ts";

/** Most tensors that an error names of a kind. */
const MOST_NAMED = 12;

/**
 * Returns the given tensors as float32, if they are exactly those of the model.
 *
 * @param what what the error calls the source, for example `"model.safetensors"`
 * @param wanted tensors of the model
 * @throws {TypeError} when some are missing, unexpected, of another shape or no floats; the message lists them
 */
export function fitTensors(
  what: string,
  wanted: Readonly<Record<string, Pick<CheckpointTensor, "shape">>>,
  given: Readonly<Record<string, CheckpointTensor>>,
): Record<string, CheckpointTensor> {
  const named = (name: string, { shape }: Pick<CheckpointTensor, "shape">): string => `"${name}" [${shape.join(", ")}]`;
  const missing = Object.keys(wanted).filter((name) => !Object.hasOwn(given, name));
  const unexpected = Object.keys(given).filter((name) => !Object.hasOwn(wanted, name));
  const shared = Object.keys(wanted).filter((name) => Object.hasOwn(given, name));
  const mismatched = shared.filter((name) => wanted[name].shape.join() !== given[name].shape.join());
  const others = shared.filter((name) => !mismatched.includes(name) && !isFloat(given[name]));
  const faults = [
    list("missing", missing.map((name) => named(name, wanted[name]))),
    list("unexpected", unexpected.map((name) => named(name, given[name]))),
    list("of another shape", mismatched.map((name) => `${named(name, wanted[name])}, received [${given[name].shape}]`)),
    list("not of floats", others.map((name) => `"${name}", received ${given[name].data.constructor.name}`)),
  ].filter((fault) => fault !== "");
  if (faults.length > 0) {
    throw new TypeError(`Cannot import ${what}: tensors must be the model's\n${faults.join("\n")}`);
  }
  return Object.fromEntries(shared.map((name) => [name, { shape: wanted[name].shape, data: toFloat32(given[name]) }]));
}

function list(kind: string, names: readonly string[]): string {
  if (names.length === 0) return "";
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
  return `  ${names.length} ${kind}: ${names.slice(0, MOST_NAMED).join("; ")}${more}`;
}

function isFloat({ data }: CheckpointTensor): boolean {
  return data instanceof Float32Array || data instanceof Float64Array;
}

function toFloat32({ data }: CheckpointTensor): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data as Float64Array);
}
