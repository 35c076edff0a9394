/**
 * The logits of heads of intervals, from what a model makes of times.
 *
 * @module
 */
import type { Logits } from "../definition.ts";
import { formatShape, Tensor } from "../graph/tensor.ts";
import { ones } from "../initializer.ts";
import type { InputHead } from "../layers/input.ts";
import { dense } from "../layers/mlp.ts";

/**
 * Returns logits, head by head, of what a model made of times: those of a record by head or by interval; one logit z is a
 * risk, of which interval k makes w_k z + b_k from w = 1, so that hazards are proportional in their odds.
 *
 * @returns tensors whose columns are the intervals of all heads in order
 * @throws {TypeError} when there are logits of another shape or name
 */
export function headLogits(
  model: string,
  output: Logits,
  heads: readonly InputHead[],
  tasks: readonly string[],
): readonly Tensor[] {
  const logits = output instanceof Tensor ? proportionalHazards(model, output, heads) : output;
  const received = Object.keys(logits);
  const known = [
    heads.map(({ name, intervals }) => ({ name, width: intervals })),
    tasks.map((name) => ({ name, width: 1 })),
  ];
  const wanted = known.find((parts) =>
    parts.length === received.length && parts.every(({ name }) => received.includes(name))
  );
  if (!wanted) {
    const names = heads.map(({ name }) => name).join(", ");
    throw new TypeError(
      `Cannot build ${model}: logits must be of the heads ${names} or of their intervals, received ${
        received.join(", ") || "none"
      }`,
    );
  }
  return wanted.map(({ name, width }) => {
    const { shape } = logits[name];
    if (shape.join() === `B,${width}`) return logits[name];
    throw new TypeError(
      `Cannot build ${model}: logits of "${name}" must have shape [B, ${width}], received ${formatShape(shape)}`,
    );
  });
}

function proportionalHazards(model: string, z: Tensor, heads: readonly InputHead[]): Record<string, Tensor> {
  if (z.shape.join() !== "B,1") {
    throw new TypeError(`Cannot build ${model}: logits must have shape [B, 1], received ${formatShape(z.shape)}`);
  }
  return Object.fromEntries(
    heads.map(({ name, intervals }) => [name, dense(z, intervals, { name: `risk.${name}`, initializer: ones() })]),
  );
}
