/**
 * Addresses with what they take and answer.
 *
 * @module
 */
import { type Part, refer } from "./schemas.ts";

/** What an operation takes and answers besides its names. */
interface Exchange {
  /** Schema of the answer, by name. */
  readonly answer: string;
  /** Schema of the request's body, by name; without one there is none. */
  readonly body?: string;
  /** Whether the body may be absent. */
  readonly isOptional?: boolean;
  /** Statuses of answers that are no errors of the request. */
  readonly more?: Readonly<Record<number, Part>>;
}

const content = (schema: string): Part => ({ "application/json": { schema: refer(schema) } });

const respond = (name: string): Part => ({ $ref: `#/components/responses/${name}` });

/** A method of an address; operations are named after what they do, with the place of its path behind it. */
function operation(tag: string, operationId: string, summary: string, exchange: Exchange): Part {
  const { answer, body, isOptional = false, more = {} } = exchange;
  return {
    ...{ tags: [tag], operationId, summary },
    ...(body !== undefined && { requestBody: { required: !isOptional, content: content(body) } }),
    responses: {
      200: { description: "The answer", content: content(answer) },
      ...(body !== undefined && { 400: respond("BadRequest"), 408: respond("Slow"), 413: respond("Large") }),
      ...more,
      default: respond("Error"),
    },
  };
}

const OVERLOAD = { 429: respond("Overload"), 504: respond("Overload") };

/** Gives an address with and without a version the same method. */
function versioned(
  path: (version: string) => string,
  method: "get" | "post",
  make: (suffix: string) => Part,
): Readonly<Record<string, Part>> {
  const model = { $ref: "#/components/parameters/model" };
  const version = { $ref: "#/components/parameters/version" };
  return {
    [path("")]: { parameters: [model], [method]: make("") },
    [path("/versions/{version}")]: { parameters: [model, version], [method]: make("OfVersion") },
  };
}

const ofModel = (end: string) => (version: string) => `/v2/models/{model}${version}${end}`;

const query = (name: string, description: string, type: string): Part => ({
  ...{ name, in: "query", allowEmptyValue: true, description, schema: { type } },
});

const notReady = (schema: string): Part => ({ description: "It is not ready", content: content(schema) });

/** What the server says of itself and its models. */
const PROTOCOL: Readonly<Record<string, Part>> = {
  "/v2": { get: operation("server", "serverMetadata", "Describes the server", { answer: "ServerMetadata" }) },
  "/v2/health/live": { get: operation("server", "serverLive", "Tells that the server lives", { answer: "Live" }) },
  "/v2/health/ready": {
    get: {
      ...operation("server", "serverReady", "Tells whether the server answers requests for inference", {
        answer: "Ready",
        more: { 503: notReady("Ready") },
      }),
      parameters: [
        query("strict", "Whether a model that drifts from its training makes the server not ready", "string"),
      ],
    },
  },
  "/v2/models": { get: operation("server", "modelList", "Names the models", { answer: "ModelList" }) },
  "/v2/models/stats": {
    get: operation("server", "allStatistics", "Counts and times of all models", { answer: "Statistics" }),
  },
  ...versioned(
    ofModel(""),
    "get",
    (suffix) =>
      operation("models", `modelMetadata${suffix}`, "Describes inputs and outputs", { answer: "ModelMetadata" }),
  ),
  ...versioned(
    ofModel("/ready"),
    "get",
    (suffix) =>
      operation("models", `modelReady${suffix}`, "Tells whether the model answers", {
        answer: "ModelReady",
        more: { 503: notReady("ModelReady") },
      }),
  ),
  ...versioned(
    ofModel("/config"),
    "get",
    (suffix) =>
      operation("models", `modelConfig${suffix}`, "Gives the configuration as Triton has it", {
        answer: "ModelConfig",
      }),
  ),
  ...versioned(
    ofModel("/stats"),
    "get",
    (suffix) =>
      operation("models", `modelStatistics${suffix}`, "Counts and times of the model", { answer: "Statistics" }),
  ),
  ...versioned(ofModel("/infer"), "post", infer),
};

/** The one method whose bodies may be binary. */
function infer(suffix: string): Part {
  const json = operation("models", `infer${suffix}`, "Scores tensors", {
    ...{ body: "InferRequest", answer: "InferAnswer", more: { 415: respond("Packed"), 503: respond("Overload") } },
  });
  const binary = { "application/octet-stream": {} };
  const headerLength = { $ref: "#/components/parameters/headerLength" };
  const headers = { "Inference-Header-Content-Length": { $ref: "#/components/headers/headerLength" } };
  const answer = { description: "Scores", headers, content: { ...content("InferAnswer"), ...binary } };
  return {
    ...json,
    parameters: [headerLength],
    requestBody: { required: true, content: { ...content("InferRequest"), ...binary } },
    responses: { ...json.responses as Part, 200: answer },
  };
}

const model = [{ $ref: "#/components/parameters/model" }];

const change = (what: "load" | "unload", summary: string): Part => ({
  parameters: model,
  post: operation("repository", what, summary, { body: "ChangeRequest", isOptional: true, answer: "Changed" }),
});

const REPOSITORY: Readonly<Record<string, Part>> = {
  "/v2/repository/index": {
    post: operation("repository", "index", "Lists the models that there are", {
      ...{ body: "IndexRequest", isOptional: true, answer: "Index" },
    }),
  },
  "/v2/repository/models/{model}/load": change("load", "Reads the highest version of a model anew"),
  "/v2/repository/models/{model}/unload": change("unload", "Serves a model no longer"),
};

const ofTensorFlow = (end: string) => (version: string) => `/v1/models/{model}${version}${end}`;

const ROWS: Readonly<Record<string, Part>> = {
  "/v1/predict": {
    post: operation("rows", "predict", "Scores rows", {
      ...{ body: "PredictRequest", answer: "PredictAnswer", more: OVERLOAD },
    }),
  },
  "/v1/rank": {
    post: operation("rows", "rank", "Ranks candidates in one context", {
      ...{ body: "RankRequest", answer: "RankAnswer", more: OVERLOAD },
    }),
  },
  ...versioned(
    ofTensorFlow(":predict"),
    "post",
    (suffix) =>
      operation("rows", `predictInstances${suffix}`, "Scores rows as TensorFlow Serving does", {
        ...{ body: "InstancesRequest", answer: "InstancesAnswer", more: OVERLOAD },
      }),
  ),
  ...versioned(
    ofTensorFlow(""),
    "get",
    (suffix) =>
      operation("rows", `modelStatus${suffix}`, "Tells the state as TensorFlow Serving does", {
        answer: "ModelStatus",
      }),
  ),
};

const exchange = (operationId: string, summary: string, body: string): Part =>
  operation("repository", operationId, summary, { body, isOptional: true, answer: "RolloutState" });

/** Moving requests from one version to another. */
const ROLLOUTS: Readonly<Record<string, Part>> = {
  "/v1/models/{model}/rollout": {
    parameters: model,
    get: operation("repository", "rollout", "Tells which version has which part", { answer: "RolloutState" }),
    post: exchange("changeRollout", "Sets or ends canary and shadow", "RolloutChange"),
  },
  "/v1/models/{model}/promote": {
    parameters: model,
    post: exchange("promote", "Makes the canary, or another version, live", "Promotion"),
  },
  "/v1/models/{model}/rollback": {
    parameters: model,
    post: exchange("rollback", "Makes the version before live again", "Nothing"),
  },
};

const OPERATIONS: Readonly<Record<string, Part>> = {
  "/v1/status": {
    get: {
      ...operation("server", "status", "Gives what the status page shows: the last seconds, and drift", {
        answer: "Status",
      }),
      parameters: [query("since", "Time of the last second that is known, in seconds since 1970", "number")],
    },
  },
  "/metrics": {
    get: {
      ...{ tags: ["server"], operationId: "metrics", summary: "Counts and times for Prometheus" },
      responses: {
        200: { description: "Metrics as text", content: { "text/plain": { schema: { type: "string" } } } },
        default: respond("Error"),
      },
    },
  },
  "/openapi.json": {
    get: {
      ...{ tags: ["server"], operationId: "openapi", summary: "This document" },
      responses: {
        200: { description: "The document", content: { "application/json": { schema: { type: "object" } } } },
        default: respond("Error"),
      },
    },
  },
};

/** All addresses. */
export const PATHS: Readonly<Record<string, Part>> = {
  ...PROTOCOL,
  ...REPOSITORY,
  ...ROWS,
  ...ROLLOUTS,
  ...OPERATIONS,
};
