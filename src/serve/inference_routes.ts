/**
 * Addresses of the Open Inference Protocol, version 2, with Triton's extensions for configurations, statistics and
 * binary tensors.
 *
 * @module
 */
import { VERSION } from "../version.ts";
import { RequestError } from "./error.ts";
import { formatInfer, HEADER_LENGTH, parseInfer } from "./infer.ts";
import type { InputColumns } from "./inputs.ts";
import { type Context, idOf, json, type Route } from "./route.ts";
import type { ServedModel } from "./served_model.ts";
import { type Duration, STAGES } from "./statistics.ts";
import { firstOf } from "./tensor.ts";
import { describeWay } from "./ways.ts";

const EXTENSIONS = ["binary_tensor_data", "model_configuration", "model_repository", "statistics"];

/** Path of a model, of its highest version where it names none. */
const MODEL = "/v2/models/(?<model>[^/]+)(?:/versions/(?<version>\\d+))?";

const ofModel = (end: string): RegExp => new RegExp(`^${MODEL}${end}$`);

/** The routes. */
export const inferenceRoutes: readonly Route[] = [
  { method: "GET", path: /^\/v2\/?$/, run: () => json({ name: "weft", version: VERSION, extensions: EXTENSIONS }) },
  { method: "GET", path: /^\/v2\/health\/live$/, run: () => json({ live: true }) },
  { method: "GET", path: /^\/v2\/health\/ready$/, run: serverReady },
  { method: "GET", path: /^\/v2\/models$/, run: ({ service }) => json({ models: namesOf(service.models) }) },
  { method: "GET", path: /^\/v2\/models\/stats$/, run: ({ service }) => json(describeStatistics(service.models)) },
  { method: "GET", path: ofModel(""), run: (context) => json(describe(context)) },
  { method: "GET", path: ofModel("/ready"), run: modelReady },
  { method: "GET", path: ofModel("/config"), run: (context) => json(configOf(find(context))) },
  { method: "GET", path: ofModel("/stats"), run: (context) => json(describeStatistics(chosen(context))) },
  { method: "POST", path: ofModel("/infer"), run: infer },
];

function find({ service, parts: { model, version } }: Context): ServedModel {
  return service.find(model, version);
}

/** The version that is named, or all of them. */
function chosen(context: Context): ServedModel[] {
  const { model, version } = context.parts;
  const found = find(context);
  return version === undefined ? context.service.models.filter(({ name }) => name === model) : [found];
}

function namesOf(models: readonly ServedModel[]): string[] {
  return [...new Set(models.map(({ name }) => name))];
}

function serverReady({ request, service, isStopping, complaints }: Context): Response {
  const isStrict = new URL(request.url).searchParams.has("strict");
  const reasons = isStrict ? complaints() : [];
  const answers = !isStopping && service.models.length > 0 && service.models.every((model) => model.isReady);
  const ready = answers && reasons.length === 0;
  return json({ ready, ...(reasons.length > 0 && { reasons }) }, { status: ready ? 200 : 503 });
}

function modelReady(context: Context): Response {
  const { name, isReady } = find(context);
  const ready = isReady && !context.isStopping;
  return json({ name, ready }, { status: ready ? 200 : 503 });
}

function describe(context: Context): unknown {
  const { name, columns, outputs } = find(context);
  const { changes } = context.service.rolloutOf(name);
  return {
    name,
    versions: context.service.versionsOf(name),
    platform: "weft_graph",
    inputs: columns.descriptions,
    outputs: outputs.descriptions.map(({ name, width }) => ({ name, datatype: "FP32", shape: [-1, width] })),
    ...(changes.length > 0 && { parameters: { changes: changes.join("; ") } }),
  };
}

function configOf({ name, kind, columns, outputs, maxBatchSize, ways }: ServedModel): unknown {
  // Sizes of a configuration leave the batch out.
  const sizes = (shape: readonly number[]) => shape.length === 1 ? [1] : shape.slice(1);
  const typeOf = (datatype: string) => `TYPE_${datatype === "BYTES" ? "STRING" : datatype}`;
  return {
    name,
    platform: "weft_graph",
    backend: "weft",
    max_batch_size: maxBatchSize,
    input: columns.descriptions.map(({ name, datatype, shape }) => ({
      ...{ name, data_type: typeOf(datatype), dims: sizes(shape) },
    })),
    output: outputs.descriptions.map(({ name, width }) => ({ name, data_type: "TYPE_FP32", dims: [width] })),
    dynamic_batching: {},
    parameters: {
      model: { string_value: kind },
      ...Object.fromEntries(ways.map((way) => [`way_of_${way.rows}_rows`, { string_value: describeWay(way) }])),
    },
  };
}

async function infer(context: Context): Promise<Response> {
  find(context);
  const request = parseInfer(await context.body(), context.request.headers.get(HEADER_LENGTH));
  // Another model may have taken the place of the first one while the body came.
  const model = context.service.choose(context.parts.model, context.parts.version, {
    id: request.id ?? idOf(context),
    valueOf: (column) => {
      const input = request.inputs.find(({ name }) => name === column);
      return input && firstOf(input.elements);
    },
  });
  const { name, version } = model;
  const encode = (columns: InputColumns) => columns.encodeTensors(request.inputs);
  const { body, headerLength } = await model.answer(
    () => {
      const rows = request.inputs[0]?.shape[0] ?? 0;
      if (rows > context.maxRows) {
        throw new RequestError(
          400,
          `Cannot answer: a request must have at most ${context.maxRows} rows, received ${rows}`,
        );
      }
      return encode(model.columns);
    },
    (scores) => {
      context.service.mirror(model, { encode, scores });
      return formatInfer({ model_name: name, model_version: version }, model.outputs.tensorsOf(scores), request);
    },
    {
      timeoutMs: request.timeoutMs,
      origin: context.origin,
      given: { id: request.id ?? context.requestId, rows: () => model.columns.rowsOf(request.inputs) },
    },
  );
  const headers: Record<string, string> = headerLength === undefined
    ? { "content-type": "application/json" }
    : { "content-type": "application/octet-stream", [HEADER_LENGTH]: `${headerLength}` };
  return new Response(body, { headers });
}

function describeStatistics(models: readonly ServedModel[]): unknown {
  return { model_stats: models.map(statisticsOf) };
}

const durationOf = ({ count, ms }: Duration) => ({ count, ns: Math.round(1e6 * ms) });

function statisticsOf({ name, version, statistics }: ServedModel): unknown {
  const stages = STAGES.map((stage) => [stage, durationOf(statistics.stage(stage))]);
  const none = { count: 0, ns: 0 };
  return {
    name,
    version,
    last_inference: statistics.lastMs,
    inference_count: statistics.rows,
    execution_count: statistics.executions,
    inference_stats: { ...Object.fromEntries(stages), cache_hit: none, cache_miss: none },
    batch_stats: Array.from(statistics.batches, ([rows, time]) => ({
      batch_size: rows,
      compute_input: none,
      compute_infer: durationOf(time),
      compute_output: none,
    })),
  };
}
