/**
 * Shapes of requests and answers, in JSON Schema.
 *
 * @module
 */

/** A schema, or any other part of the document. */
export type Part = Readonly<Record<string, unknown>>;

/** Refers to a schema by its name. */
export function refer(name: string): Part {
  return { $ref: `#/components/schemas/${name}` };
}

const text = { type: "string" };
const texts = { type: "array", items: text };
const number = { type: "number" };
const numbers = { type: "array", items: number };
const count = { type: "integer", minimum: 0 };
const truth = { type: "boolean" };
const digits = { type: "string", pattern: "^\\d+$" };

const listOf = (items: Part): Part => ({ type: "array", items });
const mapOf = (values: Part): Part => ({ type: "object", additionalProperties: values });

/** An object; keys behind `?` may be absent. */
function object(properties: Readonly<Record<string, Part>>, description?: string): Part {
  const entries = Object.entries(properties);
  return {
    type: "object",
    ...(description !== undefined && { description }),
    required: entries.map(([key]) => key).filter((key) => !key.endsWith("?")),
    properties: Object.fromEntries(entries.map(([key, schema]) => [key.replace(/\?$/, ""), schema])),
  };
}

const byLabel = (what: string): Part => ({
  description: `${what} of each row; of a model with several labels, such lists by label`,
  oneOf: [numbers, mapOf(numbers)],
});

const parametersOf = (properties: Readonly<Record<string, Part>>): Part => ({ type: "object", properties });

const datatype: Part = {
  type: "string",
  enum: [
    ...["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64"],
    ...["FP16", "BF16", "FP32", "FP64", "BYTES"],
  ],
};

const described = object({
  name: text,
  datatype: refer("Datatype"),
  shape: { type: "array", items: { type: "integer", minimum: -1 }, description: "-1 stands for any size" },
});

const configured = object({ name: text, data_type: text, dims: listOf({ type: "integer", minimum: -1 }) });

/** Schemas of the Open Inference Protocol. */
const PROTOCOL: Readonly<Record<string, Part>> = {
  Datatype: datatype,
  ServerMetadata: object({ name: text, version: text, extensions: texts }),
  Live: object({ live: truth }),
  Ready: object({ ready: truth, "reasons?": texts }),
  ModelReady: object({ name: text, ready: truth }),
  ModelList: object({ models: texts }),
  ModelMetadata: object({
    name: text,
    versions: listOf(digits),
    platform: text,
    inputs: listOf(described),
    outputs: listOf(described),
    "parameters?": object({
      changes: { ...text, description: "how it differs from the version that was live before" },
    }),
  }),
  ModelConfig: object({
    ...{ name: text, platform: text, backend: text, max_batch_size: count },
    ...{ input: listOf(configured), output: listOf(configured), dynamic_batching: { type: "object" } },
    parameters: mapOf(object({ string_value: text })),
  }),
  Duration: object({ count, ns: count }),
  Statistics: object({
    model_stats: listOf(object({
      ...{ name: text, version: digits, last_inference: count, inference_count: count, execution_count: count },
      inference_stats: object(Object.fromEntries(
        ["success", "fail", "queue", "compute_input", "compute_infer", "compute_output", "cache_hit", "cache_miss"]
          .map((stage) => [stage, refer("Duration")]),
      )),
      batch_stats: listOf(object({
        batch_size: count,
        ...{ compute_input: refer("Duration"), compute_infer: refer("Duration"), compute_output: refer("Duration") },
      })),
    })),
  }),
  InferRequest: object({
    "id?": text,
    "parameters?": parametersOf({
      binary_data_output: { type: "boolean", description: "whether outputs that do not say are binary" },
      timeout: { type: "integer", minimum: 0, description: "how long the rows may wait for a batch, in microseconds" },
    }),
    inputs: listOf(object({
      ...{ name: text, datatype: refer("Datatype"), shape: listOf(count) },
      "parameters?": parametersOf({ binary_data_size: { ...count, description: "bytes behind the JSON" } }),
      "data?": { type: "array", description: "elements, row-major, flat or nested; absent where they are binary" },
    })),
    "outputs?": listOf(object({ name: text, "parameters?": parametersOf({ binary_data: truth }) })),
  }, "one input for each column of the model"),
  InferAnswer: object({
    model_name: text,
    model_version: digits,
    "id?": text,
    outputs: listOf(object({
      ...{ name: text, datatype: refer("Datatype"), shape: listOf(count), "data?": numbers },
      "parameters?": object({ binary_data_size: count }),
    })),
  }),
  IndexRequest: { type: "object", properties: { ready: truth } },
  Index: listOf(object({ name: text, version: digits, state: { enum: ["READY", "UNAVAILABLE"] }, reason: text })),
  ChangeRequest: { type: "object", properties: { parameters: parametersOf({ unload_dependents: truth }) } },
  Changed: object({ "changes?": { ...texts, description: "how columns and tasks differ from those before" } }),
};

const value: Part = { type: ["string", "number", "boolean", "null"] };
const columns: Part = { oneOf: [numbers, mapOf(numbers)] };

/** Schemas of rows as JSON. */
const ROWS: Readonly<Record<string, Part>> = {
  Row: {
    ...mapOf({ anyOf: [value, listOf(value)] }),
    description: "values by column; a sequence has a list, or a text with separators",
  },
  PredictRequest: object({ "model?": text, "version?": digits, rows: { ...listOf(refer("Row")), minItems: 1 } }),
  PredictAnswer: object({
    ...{ model: text, version: digits, scores: byLabel("Probabilities"), logits: byLabel("Logits") },
    "survival?": {
      ...mapOf(object({ ends: numbers, survival: listOf(numbers), expected: numbers })),
      description: "only where labels are times: probabilities of lasting beyond each interval, and expected times",
    },
  }),
  RankRequest: object({
    ...{ "model?": text, "version?": digits, "context?": refer("Row") },
    candidates: { ...listOf(refer("Row")), minItems: 1 },
    "top?": { type: "integer", minimum: 1 },
    "task?": { ...text, description: "label whose scores decide" },
    "explore?": refer("Exploration"),
  }),
  RankAnswer: object({
    ...{ model: text, version: digits },
    results: listOf(object({
      ...{ index: count, score: number, logit: number },
      "propensity?": { ...number, description: "probability of its place, given the candidates before it" },
    })),
    "explore?": refer("Exploration"),
  }),
  Exploration: object({
    kind: { enum: ["epsilon_greedy", "plackett_luce"] },
    "epsilon?": { type: "number", minimum: 0, maximum: 1 },
    "temperature?": { type: "number", exclusiveMinimum: 0 },
    "seed?": { ...count, description: "the same one gives the same order; drawn where absent" },
  }, "how much of the order is left to chance"),
  InstancesRequest: {
    ...object({
      "signature_name?": text,
      "instances?": listOf(refer("Row")),
      "inputs?": mapOf({ type: "array" }),
    }),
    oneOf: [{ required: ["instances"] }, { required: ["inputs"] }],
  },
  InstancesAnswer: {
    oneOf: [
      object({ predictions: { oneOf: [numbers, listOf(mapOf(number))] } }),
      object({ outputs: columns }),
    ],
  },
  ModelStatus: object({
    model_version_status: listOf(object({
      ...{ version: digits, state: text, status: object({ error_code: text, error_message: text }) },
    })),
  }),
};

const orNull = (schema: Part): Part => ({ oneOf: [schema, { type: "null" }] });
const share: Part = { type: "number", exclusiveMinimum: 0, maximum: 1 };

/** Schemas of rollouts. */
const ROLLOUTS: Readonly<Record<string, Part>> = {
  CanaryPlan: object({ version: digits, share, "by?": { ...text, description: "column whose value decides" } }),
  ShadowPlan: object({ version: digits, share }),
  RolloutChange: object({ "canary?": orNull(refer("CanaryPlan")), "shadow?": orNull(refer("ShadowPlan")) }),
  Promotion: object({ "version?": digits }),
  Nothing: object({}),
  ShadowState: object({
    ...{ version: digits, share, requests: count, dropped: count, errors: count, rows: count },
    tasks: mapOf(object({ meanAbsoluteDifference: number, correlation: orNull(number) })),
    changedTopShare: orNull(number),
    meanMs: orNull(number),
  }),
  RolloutState: object({
    ...{ model: text, live: digits, previous: orNull(digits), loaded: listOf(digits), changes: texts },
    canary: orNull(refer("CanaryPlan")),
    shadow: orNull(refer("ShadowState")),
  }),
};

const level: Part = { enum: ["green", "amber", "red", "unknown"] };
const maybe: Part = { type: ["number", "null"] };

const drift = object({
  ...{ level, rows: count },
  scores: listOf(object({
    ...{ task: text, psi: maybe, level, edges: numbers, counts: listOf(count), trained: listOf(count) },
  })),
  fields: listOf(object({
    ...{ name: text, count, psi: maybe, level, unseen: maybe, missing: maybe },
    ...{ trainedUnseen: maybe, trainedMissing: maybe },
  })),
}, "served rows against training; null stands for what is unknown");

/** What the status page reads. */
const STATUS: Readonly<Record<string, Part>> = {
  Status: object({
    ...{ version: text, time: number, started: number, stopping: truth, level, limits: mapOf(number) },
    columns: { ...texts, description: "what the numbers of each second are" },
    models: listOf(object({
      ...{ name: text, version: digits, kind: text, pending: count, written: maybe },
      trained: {
        oneOf: [
          { type: "null" },
          object({ rows: count, labelRates: listOf(maybe), "latest?": number, sampleOf: text }),
        ],
      },
      recent: object({
        ...{ requestsPerSecond: number, rowsPerSecond: number, p50: maybe, p99: maybe },
        ...{ refused: mapOf(count), batches: listOf(count) },
      }, "the last minute"),
      seconds: listOf(listOf(maybe)),
      drift,
    })),
    log: { oneOf: [{ type: "null" }, object({ written: count, dropped: count, waiting: count })] },
  }),
};

/** All schemas by name. */
export const SCHEMAS: Readonly<Record<string, Part>> = {
  ...PROTOCOL,
  ...ROWS,
  ...ROLLOUTS,
  ...STATUS,
  Error: object({ error: text }),
};
