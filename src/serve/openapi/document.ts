/**
 * The server's addresses as an OpenAPI document, for tools that write clients or pages from it.
 *
 * @module
 */
import { VERSION } from "../../version.ts";
import { json, type Route } from "../route.ts";
import { PATHS } from "./paths.ts";
import { type Part, refer, SCHEMAS } from "./schemas.ts";

const failure = (description: string, more: Part = {}): Part => ({
  ...{ description, ...more, content: { "application/json": { schema: refer("Error") } } },
});

const RESPONSES: Readonly<Record<string, Part>> = {
  Error: failure("It could not be answered; `error` says why"),
  BadRequest: failure("The request is malformed; `error` names row and field, or input"),
  Slow: failure("The body did not come in time"),
  Large: failure("The body is too large"),
  Packed: failure("The body is packed in another way than gzip and deflate"),
  Overload: failure("Too many requests wait, or this one waited too long", {
    headers: { "Retry-After": { description: "Seconds after which to try again", schema: { type: "integer" } } },
  }),
};

const HEADER_LENGTH: Part = {
  description: "Bytes of the JSON in front, where binary tensors come behind it",
  schema: { type: "integer", minimum: 1 },
};

const PARAMETERS: Readonly<Record<string, Part>> = {
  model: { name: "model", in: "path", required: true, description: "Name of a model", schema: { type: "string" } },
  version: { name: "version", in: "path", required: true, schema: { type: "string", pattern: "^\\d+$" } },
  headerLength: { name: "Inference-Header-Content-Length", in: "header", ...HEADER_LENGTH },
};

/** The document, by OpenAPI 3.1. */
export const OPENAPI: Part = {
  openapi: "3.1.0",
  info: {
    title: "Weft",
    version: VERSION,
    description: "Scores of click-through-rate models, by the Open Inference Protocol under /v2 and by rows under /v1.",
    license: { name: "MIT", identifier: "MIT" },
  },
  servers: [{ url: "/" }],
  security: [{}, { token: [] }],
  tags: [
    { name: "rows", description: "Rows as JSON" },
    { name: "models", description: "The Open Inference Protocol" },
    { name: "repository", description: "What is served" },
    { name: "server", description: "The server itself" },
  ],
  paths: PATHS,
  components: {
    schemas: SCHEMAS,
    responses: RESPONSES,
    parameters: PARAMETERS,
    headers: { headerLength: HEADER_LENGTH },
    securitySchemes: { token: { type: "http", scheme: "bearer" } },
  },
};

/** The route that gives the document. */
export const openApiRoute: Route = { method: "GET", path: /^\/openapi\.json$/, run: () => json(OPENAPI) };
