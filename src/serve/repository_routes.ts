/**
 * Addresses of the protocol's extension for model repositories.
 *
 * @module
 */
import { RequestError } from "./error.ts";
import { objectOf, parseJson } from "./infer.ts";
import type { Repository } from "./repository.ts";
import { type Context, json, type Route } from "./route.ts";

const MODEL = "/v2/repository/models/(?<model>[^/]+)";

/** Returns the routes of a repository; without one, what is served cannot be changed. */
export function repositoryRoutes(repository: Repository | undefined): readonly Route[] {
  const change = (work: (repository: Repository, name: string) => Promise<unknown>) => async (context: Context) => {
    const body = await context.body();
    if (body.length > 0) requireNoParameters(parseJson(body));
    if (!repository) {
      throw new RequestError(400, "Cannot change what is served: the server was started for given models");
    }
    return json(await work(repository, context.parts.model!));
  };
  return [
    { method: "POST", path: /^\/v2\/repository\/index$/, run: (context) => index(context, repository) },
    { method: "POST", path: new RegExp(`^${MODEL}/load$`), run: change(load) },
    {
      method: "POST",
      path: new RegExp(`^${MODEL}/unload$`),
      run: change(unload),
    },
  ];
}

/** Loads a model; the answer tells how its columns and tasks differ from those before, if they do. */
async function load(repository: Repository, name: string): Promise<unknown> {
  const changes = await repository.load(name);
  return changes.length > 0 ? { changes } : {};
}

async function unload(repository: Repository, name: string): Promise<unknown> {
  await repository.unload(name);
  return {};
}

/** A file that comes with the request, or another configuration, cannot be served. */
function requireNoParameters(body: unknown): void {
  const parameters = Object.keys(objectOf("parameters", objectOf("the body", body).parameters ?? {}));
  const unknown = parameters.filter((name) => name !== "unload_dependents");
  if (unknown.length === 0) return;
  throw new RequestError(400, `Cannot load: models come from the repository's files, received ${unknown.join(", ")}`);
}

async function index({ service, body }: Context, repository: Repository | undefined): Promise<Response> {
  const bytes = await body();
  const { ready } = bytes.length > 0 ? objectOf("the body", parseJson(bytes)) : {};
  const entries = repository
    ? await repository.index()
    : service.models.map(({ name, version }) => ({ name, version, state: "READY", reason: "" }));
  return json(ready === true ? entries.filter(({ state }) => state === "READY") : entries);
}
