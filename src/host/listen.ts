/**
 * Listening for requests of HTTP.
 *
 * @module
 */
import type { Listener, ListenOptions } from "./listen_types.ts";

/**
 * Answers requests of HTTP with what `handler` returns.
 *
 * @throws {Error} when the address cannot be listened on
 */
export async function listen(
  handler: (request: Request) => Promise<Response>,
  { port = 8000, hostname = "127.0.0.1", tls }: ListenOptions,
): Promise<Listener> {
  const ready = Promise.withResolvers<Deno.NetAddr>();
  const onListen = (address: Deno.NetAddr) => ready.resolve(address);
  try {
    const server = Deno.serve({ port, hostname, onListen, ...(tls && { cert: tls.cert, key: tls.key }) }, handler);
    const address = await ready.promise;
    return { ...address, finished: server.finished, shutdown: () => server.shutdown() };
  } catch (error) {
    const message = (error as Error).message;
    if (error instanceof Deno.errors.NotCapable) {
      throw new Error(`Cannot serve: listening on ${hostname}:${port} needs --allow-net=${hostname}:${port}`, {
        cause: error,
      });
    }
    throw new Error(`Cannot serve: ${hostname}:${port} must be free to listen on, received ${message}`, {
      cause: error,
    });
  }
}
