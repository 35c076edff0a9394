/** Float64 loops for one step of a gated recurrent unit. */
import { ACTIVATIONS } from "./pointwise.ts";

/** y = (1 - z) n + z h, gates in the order r, z, n. */
export function gruCellReference(a: Float64Array, c: Float64Array, h: Float64Array, width: number): Float64Array {
  const { sigmoid } = ACTIVATIONS;
  return h.map((state, i) => {
    const [r, z, n] = [0, 1, 2].map((gate) => Math.floor(i / width) * 3 * width + gate * width + i % width);
    const update = sigmoid(a[z] + c[z]);
    return (1 - update) * Math.tanh(a[n] + sigmoid(a[r] + c[r]) * c[n]) + update * state;
  });
}
