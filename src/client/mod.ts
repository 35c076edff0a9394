/**
 * A client of servers that speak the Open Inference Protocol, such as those of Weft, KServe and Triton. It needs `fetch`
 * alone, and runs in pages as well.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Client, ServerError } from "./mod.ts";
 *
 * const overloaded = () => Promise.resolve(Response.json({ error: "too many" }, { status: 503 }));
 * const client = new Client("http://localhost:8000", { fetch: overloaded });
 * const error = await client.predict([{ user: "u1" }]).catch((error) => error);
 * assert(error instanceof ServerError && error.status === 503);
 * ```
 *
 * @module
 */
export * from "./answers.ts";
export { type CallOptions, Client, type ModelCallOptions, type RankOptions, type RowCallOptions } from "./client.ts";
export { ConnectionError, ServerError } from "./error.ts";
export { decodeInfer, type EncodedRequest, encodeInfer, InferAnswer, type InferOptions } from "./infer.ts";
export type { Inputs, InputValues, NumberArray } from "./inputs.ts";
export type { Datatype, Tensor, TensorData, TensorOf } from "./tensor.ts";
export type { ClientOptions } from "./transport.ts";
