/**
 * Addresses of a server.
 *
 * @module
 */
import type { RequestOrigin } from "./batcher.ts";
import { RequestError } from "./error.ts";
import type { Ranker } from "./ranking.ts";
import type { Service } from "./service.ts";

/** What a route has to answer with. */
export interface Context {
  /** The request. */
  readonly request: Request;
  /** The models. */
  readonly service: Service;
  /** Parts of the address by name, unquoted. */
  readonly parts: Readonly<Record<string, string | undefined>>;
  /** Most rows of a request. */
  readonly maxRows: number;
  /** Orders candidates where a request asks for nothing else. */
  readonly ranker: Ranker;
  /** Whether the server has begun to stop. */
  readonly isStopping: boolean;
  /** What the client calls the request, or the server where it logs. */
  readonly requestId: string | undefined;
  /** Why the server is not what it should be, although it answers. */
  readonly complaints: () => readonly string[];
  /** When it was there as a whole, and whether its client is still there. */
  readonly origin: RequestOrigin;
  /** Reads the body, within the server's limits. */
  readonly body: () => Promise<Uint8Array<ArrayBuffer>>;
}

/** An address with what answers it. */
export interface Route {
  /** Method of HTTP. */
  readonly method: "GET" | "POST";
  /** Path; groups name parts of it. */
  readonly path: RegExp;
  /** Answers. */
  readonly run: (context: Context) => Response | Promise<Response>;
}

/** A route that was found. */
export interface FoundRoute {
  /** The route. */
  readonly route: Route;
  /** Parts of the address by name, unquoted. */
  readonly parts: Readonly<Record<string, string | undefined>>;
}

/**
 * Finds the route of a request.
 *
 * @throws {RequestError} when there is none for the address, or none for the method
 */
export function findRoute(routes: readonly Route[], method: string, path: string): FoundRoute {
  const matching = routes.filter((route) => route.path.test(path));
  if (matching.length === 0) throw new RequestError(404, "Not Found");
  const route = matching.find((route) => route.method === method);
  if (!route) {
    const allow = [...new Set(matching.map((other) => other.method))].join(", ");
    throw new RequestError(405, `Cannot ${method} ${path}: its methods are ${allow}`, { headers: { allow } });
  }
  return { route, parts: unquote(route.path.exec(path)!.groups ?? {}) };
}

function unquote(groups: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  try {
    const entries = Object.entries(groups).map(([name, part]) => [name, part && decodeURIComponent(part)] as const);
    return Object.fromEntries(entries);
  } catch {
    throw new RequestError(400, "Cannot read the address: percent signs must be followed by bytes of UTF-8");
  }
}

/** Answers with JSON. */
export function json(value: unknown, init?: ResponseInit): Response {
  return Response.json(value, init);
}

/** Returns the id that a client gave a request in its header, if it did. */
export function idOf({ request }: Context): string | undefined {
  return request.headers.get("x-request-id") ?? undefined;
}
