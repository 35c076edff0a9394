/**
 * Layers: what models are written with.
 *
 * @module
 */
export * from "./embedding.ts";
export * from "./input.ts";
export * from "./linear.ts";
export * from "./mlp.ts";
export { add } from "../ops/add.ts";
export type { Activation } from "../ops/dense.ts";
export { fm } from "../ops/fm.ts";
export { flatten, reshape } from "../ops/reshape.ts";
