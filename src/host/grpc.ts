/**
 * Listening for calls of gRPC.
 *
 * @module
 */
import type { GrpcListener, GrpcListenOptions } from "./listen_types.ts";

/**
 * Answers calls of the Open Inference Protocol with what a handler of HTTP answers. The libraries for it are loaded here.
 *
 * @throws {Error} when the address cannot be listened on
 */
export async function listenGrpc(
  handler: (request: Request) => Promise<Response>,
  options: GrpcListenOptions,
): Promise<GrpcListener> {
  const server = await import("../serve/grpc/server.ts");
  return await server.listenGrpc(handler, options);
}
