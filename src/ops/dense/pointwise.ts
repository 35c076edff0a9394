/**
 * Activations and dropout of single elements, and what the ops that fuse them share.
 *
 * @module
 */
import activationSource from "../../../shaders/dense/activation.wgsl" with { type: "text" };
import epilogue1 from "../../../shaders/dense/epilogue1.wgsl" with { type: "text" };
import epilogue4 from "../../../shaders/dense/epilogue4.wgsl" with { type: "text" };
import grid from "../../../shaders/common/grid.wgsl" with { type: "text" };
import source from "../../../shaders/dense/pointwise.wgsl" with { type: "text" };
import random from "../../../shaders/common/random.wgsl" with { type: "text" };
import step from "../../../shaders/common/step.wgsl" with { type: "text" };
import { type Constants, type Shader, shader } from "../../gpu/shader.ts";
import { apply, type Emitter, type Op } from "../../graph/node.ts";
import { sizeOf, type Tensor } from "../../graph/tensor.ts";
import { type Activation, ACTIVATIONS } from "./matmul_epilogue.ts";

/** What follows a computation within the same kernel: y = dropout(activate(z)). */
export interface Epilogue {
  /** The activation. @default {"none"} */
  readonly activation?: Activation;
  /** Zeroes elements with probability `rate`, scales the others by 1 / (1 - rate); `salt` numbers the layer. */
  readonly dropout?: { readonly rate: number; readonly salt: number };
}

/** Returns the constants of `shaders/dense/activation.wgsl` and `shaders/common/random.wgsl` for an epilogue. */
export function epilogueConstants({ activation = "none", dropout }: Epilogue): Constants {
  return { ACTIVATION: ACTIVATIONS[activation], DROPOUT: dropout?.rate ?? 0, SALT: dropout?.salt ?? 0 };
}

/** Declares a kernel family twice: for one number at a time, and for four. */
export function epilogueShaders(
  name: string,
  text: string,
  more: Readonly<Record<string, string>> = {},
): { readonly one: Shader; readonly four: Shader } {
  const shared = { grid, step, activation: activationSource, random };
  return {
    one: shader(name, { ...shared, epilogue1, ...more, [name]: text }),
    four: shader(name, { ...shared, epilogue4, ...more, [name]: text }),
  };
}

const pointwise = epilogueShaders("pointwise", source);

/** Applies an activation to each element; a dropout that follows can be folded in. */
export const activationOp: Op<Epilogue> = {
  name: "activation",
  outputs: ([x], { dropout }) => {
    if (dropout) checkRate(dropout.rate);
    return [x.shape];
  },
  emit: (k, { inputs: [x], outputs: [y], attributes }) => emitElements(k, "forward", { x, y }, attributes),
  backward: ({ outputs: [y], attributes }, [dy]) => [dy && apply(epilogueBackwardOp, [y, dy], attributes)],
};

/** Applies dropout to each element. */
export const dropoutOp: Op<Epilogue> = { ...activationOp, name: "dropout" };

const epilogueBackwardOp: Op<Epilogue> = {
  name: "epilogue_backward",
  outputs: ([y]) => [y.shape],
  emit: (k, { inputs: [y, dy], outputs: [dx], attributes }) =>
    emitElements(k, "backward", { x: y, dy, y: dx }, attributes),
};

function emitElements(k: Emitter, entry: string, bind: Record<string, Tensor>, epilogue: Epilogue): void {
  const elements = sizeOf(bind.y.shape, k.batch);
  const width = elements % 4 === 0 ? 4 : 1;
  const size = elements / width;
  k.run({
    shader: width === 4 ? pointwise.four : pointwise.one,
    entry,
    bind,
    constants: epilogueConstants(epilogue),
    params: { size },
    grid: Math.ceil(size / 256),
  });
}

function checkRate(rate: number): void {
  if (!(rate >= 0 && rate < 1)) {
    throw new RangeError(`Cannot build dropout: the rate must be in [0, 1), received ${rate}`);
  }
}

/** Applies an activation to each element. */
export function activation(x: Tensor, kind: Exclude<Activation, "none">): Tensor {
  return apply(activationOp, [x], { activation: kind });
}

/**
 * Zeroes each element with probability `rate` and scales the others by 1 / (1 - rate); nothing in a predicting trace.
 *
 * @param salt number of the layer, so that layers draw different masks
 * @throws {RangeError} when `rate` is not in [0, 1)
 */
export function dropout(x: Tensor, rate: number, salt: number): Tensor {
  checkRate(rate);
  return rate === 0 || x.graph.mode === "predict" ? x : apply(dropoutOp, [x], { dropout: { rate, salt } });
}
