/**
 * From a request to its answer.
 *
 * @module
 */
import { readBody } from "./body.ts";
import { RequestError } from "./error.ts";
import { inferenceRoutes } from "./inference_routes.ts";
import { openApiRoute } from "./openapi/document.ts";
import type { ServeOptions } from "./options.ts";
import { byScore } from "./ranking.ts";
import type { Repository } from "./repository.ts";
import { repositoryRoutes } from "./repository_routes.ts";
import { rolloutRoutes } from "./rollout_routes.ts";
import type { Rollouts } from "./rollouts.ts";
import { findRoute, json, type Route } from "./route.ts";
import { rowRoutes } from "./row_routes.ts";
import type { Service } from "./service.ts";
import { Turns } from "./turns.ts";

/** Limits and rights of a server, and what it answers besides. */
export interface HandlerOptions extends
  Pick<
    ServeOptions,
    "maxRows" | "maxBodyBytes" | "bodyTimeoutMs" | "maxHeaderBytes" | "token" | "onError" | "ranker"
  > {
  /** Files that the models come from, for clients to load and unload; none when absent. */
  readonly repository?: Repository;
  /** Moves requests between versions. @default {that of the repository} */
  readonly rollouts?: Rollouts;
  /** More routes. */
  readonly routes?: readonly Route[];
  /** Whether the server has begun to stop. */
  readonly isStopping?: () => boolean;
  /** Why the server is not what it should be, although it answers. */
  readonly complaints?: () => readonly string[];
  /** Whether requests without an id are given one. @default {false} */
  readonly givesIds?: boolean;
}

/** What is told to all: how the server is, and a page that asks for the token. */
const OPEN = /^\/(v2\/health\/(live|ready)|status(\/.*)?)?$/;
/** Header that names a request. */
const REQUEST_ID = "x-request-id";

/** Bytes of a body that takes a millisecond or more to decode: some that came together would keep all others waiting. */
const LARGE_BODY = 1 << 15;

/** How long such bodies are decoded before others are answered, in ms. */
const DECODING_MS = 4;

/** Makes what answers requests for the models of a service. */
export function createHandler(service: Service, options: HandlerOptions = {}): (request: Request) => Promise<Response> {
  const { maxBodyBytes = 1 << 24, bodyTimeoutMs = 30_000, maxRows = 10_000, maxHeaderBytes = 1 << 14 } = options;
  const { token, onError = () => {}, isStopping = () => false, complaints = () => [], givesIds } = options;
  const { ranker = byScore } = options;
  const routes = routesOf(options);
  const wanted = token === undefined ? undefined : digest(`Bearer ${token}`);
  const turns = new Turns(DECODING_MS);
  const answer = async (request: Request, requestId: string | undefined): Promise<Response> => {
    const origin: { arrivedMs?: number; readonly signal: AbortSignal } = {
      // The runtime makes a signal for those who ask for one.
      get signal() {
        return request.signal;
      },
    };
    try {
      const path = new URL(request.url).pathname;
      requireHeaders(request, maxHeaderBytes);
      if (wanted && !OPEN.test(path)) await requireToken(request, await wanted);
      const { route, parts } = findRoute(routes, request.method, path);
      const body = async () => {
        const bytes = await readBody(request, { maxBodyBytes, bodyTimeoutMs });
        // A slow sender is not late, but one who waits for the server from here on is.
        origin.arrivedMs = performance.now();
        if (bytes.length >= LARGE_BODY) await turns.next();
        return bytes;
      };
      return await route.run({
        ...{ request, service, parts, maxRows, ranker, origin, requestId, complaints, body },
        isStopping: isStopping(),
      });
    } catch (error) {
      if (error instanceof RequestError) {
        if (error.status >= 500 && error.status !== 503) onError(error);
        return json({ error: error.message }, { status: error.status, headers: error.headers });
      }
      onError(error);
      return json({ error: "Cannot answer: the server failed" }, { status: 500 });
    }
  };
  return async (request) => {
    const id = request.headers.get(REQUEST_ID) ?? (givesIds && request.method === "POST" ? crypto.randomUUID() : null);
    if (id === null) return await answer(request, undefined);
    const response = await answer(request, id);
    response.headers.set(REQUEST_ID, id);
    return response;
  };
}

/** Returns the routes of a server. */
export function routesOf({ repository, rollouts = repository?.rollouts, routes = [] }: HandlerOptions): Route[] {
  return [
    ...inferenceRoutes,
    ...repositoryRoutes(repository),
    ...rowRoutes,
    ...rolloutRoutes(rollouts),
    openApiRoute,
    ...routes,
  ];
}

function requireHeaders({ headers }: Request, most: number): void {
  let bytes = 0;
  for (const [name, value] of headers) bytes += name.length + value.length + 4;
  if (bytes > most) throw new RequestError(431, `Cannot read the request: its headers must have at most ${most} bytes`);
}

/** Compares digests, so that the time tells nothing of how much of the text was right. */
async function requireToken({ headers }: Request, wanted: Uint8Array): Promise<void> {
  const received = await digest(headers.get("authorization") ?? "");
  if (received.reduce((difference, byte, i) => difference | (byte ^ wanted[i]), 0) === 0) return;
  throw new RequestError(401, "Cannot answer: the request must bring the bearer token", {
    headers: { "www-authenticate": "Bearer" },
  });
}

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}
