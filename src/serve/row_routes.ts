/**
 * Addresses for rows as JSON: Weft's own, and those of TensorFlow Serving.
 *
 * @module
 */
import { isRow } from "../data/row_cells.ts";
import type { Row } from "../data/rows.ts";
import { formatValue } from "../data/format.ts";
import { OverloadError, refuse, RequestError } from "./error.ts";
import { listOf, objectOf, parseJson } from "./infer.ts";
import type { InputColumns } from "./inputs.ts";
import { rankCandidates, rankerOf, readExploration } from "./ranking.ts";
import { type Context, idOf, json, type Route } from "./route.ts";
import type { RequestKey } from "./rollout.ts";
import type { TaskScores } from "./outputs.ts";
import type { ServedModel } from "./served_model.ts";

const TF_MODEL = "/v1/models/(?<model>[^/:]+)(?:/versions/(?<version>\\d+))?";

/** The routes. */
export const rowRoutes: readonly Route[] = [
  { method: "POST", path: /^\/v1\/predict$/, run: (context) => inTime(() => predict(context)) },
  { method: "POST", path: /^\/v1\/rank$/, run: (context) => inTime(() => rank(context)) },
  {
    method: "POST",
    path: new RegExp(`^${TF_MODEL}:predict$`),
    run: (context) => inTime(() => predictInstances(context)),
  },
  { method: "GET", path: new RegExp(`^${TF_MODEL}$`), run: modelStatus },
];

/** Tells overload by the statuses that HTTP has for it. */
async function inTime(work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof OverloadError)) throw error;
    const status = error.reason === "full" ? 429 : 504;
    throw new RequestError(status, error.message, { headers: error.headers, cause: error });
  }
}

type Body = Readonly<Record<string, unknown>>;

async function bodyOf({ body }: Context, known: readonly string[]): Promise<Body> {
  const parsed = objectOf("the body", parseJson(await body()));
  const unknown = Object.keys(parsed).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    refuse(`Cannot read the request: its keys are ${known.join(", ")}, received ${formatValue(unknown)}`);
  }
  return parsed;
}

function textOf(name: string, value: unknown): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  return refuse(`Cannot read the request: ${name} must be a text, received ${formatValue(value)}`);
}

function rowsOf(what: string, value: unknown, { maxRows }: Context): Row[] {
  const rows = listOf(what, value);
  if (rows.length < 1 || rows.length > maxRows) {
    refuse(`Cannot read the request: ${what} must be 1 to ${maxRows}, received ${rows.length}`);
  }
  const odd = rows.findIndex((row) => !isRow(row));
  if (odd >= 0) objectOf(`${what}[${odd}]`, rows[odd]);
  return rows as Row[];
}

/** Finds the version that a body names; that there is one is told before what is wrong with its rows. */
function namedIn({ model, version }: Body, { service }: Context): { name: string; version: string | undefined } {
  const named = textOf("version", version);
  return { name: service.find(textOf("model", model), named).name, version: named };
}

/** Tells requests apart by their id, or by a column that all rows share or that the first one has. */
function keyOf(context: Context, rows: readonly Row[], shared: Row = {}): RequestKey {
  const valueIn = (row: Row, column: string) => Object.hasOwn(row, column) ? row[column] : undefined;
  return { id: idOf(context), valueOf: (column) => valueIn(shared, column) ?? valueIn(rows[0], column) };
}

/** Gives one list for one task, and lists by task for several. */
function byTask(model: ServedModel, lists: readonly Float32Array[]): unknown {
  const plain = lists.map((list) => Array.from(list));
  return plain.length === 1 ? plain[0] : Object.fromEntries(model.tasks.map((task, t) => [task, plain[t]]));
}

async function predict(context: Context): Promise<Response> {
  const body = await bodyOf(context, ["model", "version", "rows"]);
  const { name, version } = namedIn(body, context);
  const rows = rowsOf("rows", body.rows, context);
  const model = context.service.choose(name, version, keyOf(context, rows));
  const encode = (columns: InputColumns) => columns.encode(rows);
  return await model.answer(
    () => encode(model.columns),
    (tasks) => {
      context.service.mirror(model, { encode, scores: tasks });
      return json({
        model: model.name,
        version: model.version,
        scores: byTask(model, tasks.map(({ scores }) => scores)),
        logits: byTask(model, tasks.map(({ logits }) => logits)),
        ...survivalOf(model, tasks),
      });
    },
    { origin: context.origin, given: { id: context.requestId, rows: () => rows } },
  );
}

/** Gives what heads predict of times, a list of each row's probabilities; nothing where labels are no times. */
function survivalOf(model: ServedModel, tasks: readonly TaskScores[]): Body {
  const heads = Object.entries(model.outputs.curvesOf(tasks)).map(([head, { ends, survival, expectedTime }]) => {
    const intervals = ends.length - 1;
    const rows = Array.from(expectedTime, (_, row) => [...survival.subarray(row * intervals, (row + 1) * intervals)]);
    return [head, { ends, survival: rows, expected: [...expectedTime] }] as const;
  });
  return heads.length > 0 ? { survival: Object.fromEntries(heads) } : {};
}

async function rank(context: Context): Promise<Response> {
  const body = await bodyOf(context, ["model", "version", "context", "candidates", "top", "task", "explore"]);
  const { name, version } = namedIn(body, context);
  const shared = body.context === undefined ? {} : objectOf("context", body.context);
  const candidates = rowsOf("candidates", body.candidates, context);
  const top = body.top ?? candidates.length;
  if (!(Number.isSafeInteger(top) && top as number > 0)) {
    refuse(`Cannot read the request: top must be a positive integer, received ${formatValue(top)}`);
  }
  const explore = body.explore === undefined ? undefined : readExploration(objectOf("explore", body.explore));
  const ranker = explore ? rankerOf(explore) : context.ranker;
  requireApart(shared as Row, candidates);
  const model = context.service.choose(name, version, keyOf(context, candidates, shared as Row));
  const task = taskOf(model, textOf("task", body.task));
  const encode = (columns: InputColumns) => columns.encode(candidates, shared as Row);
  return await model.answer(
    () => encode(model.columns),
    (tasks) => {
      context.service.mirror(model, { encode, scores: tasks, rankedBy: task });
      const scored = { context: shared as Row, candidates, ...tasks[task], top: top as number };
      const results = rankCandidates(ranker, scored);
      return json({ model: model.name, version: model.version, results, ...(explore && { explore }) });
    },
    {
      origin: context.origin,
      given: {
        id: context.requestId,
        shared: new Set(Object.keys(shared)),
        rows: () => candidates.map((candidate) => ({ ...shared as Row, ...candidate })),
      },
    },
  );
}

function taskOf({ tasks }: ServedModel, name: string | undefined): number {
  if (name === undefined) return 0;
  const task = tasks.indexOf(name);
  return task >= 0 ? task : refuse(`Cannot rank: tasks are ${tasks.join(", ")}, received ${formatValue(name)}`);
}

/** Refuses a column that is in the context and in a candidate. */
function requireApart(shared: Row, candidates: readonly Row[]): void {
  const keys = Object.keys(shared);
  for (let place = 0; place < candidates.length; place++) {
    const candidate = candidates[place];
    if (!keys.some((key) => Object.hasOwn(candidate, key))) continue;
    const twice = Object.keys(candidate).find((key) => Object.hasOwn(shared, key));
    refuse(`Cannot read candidates[${place}]: a column must be there or in the context, received "${twice}" in both`);
  }
}

async function predictInstances(context: Context): Promise<Response> {
  const body = await bodyOf(context, ["signature_name", "instances", "inputs"]);
  const { model: name, version } = context.parts;
  context.service.find(name, version);
  const isColumnar = body.instances === undefined;
  const rows = isColumnar
    ? rowsOf("inputs", columnsToRows(objectOf("inputs", body.inputs)), context)
    : rowsOf("instances", body.instances, context);
  const model = context.service.choose(name, version, keyOf(context, rows));
  const encode = (columns: InputColumns) => columns.encode(rows);
  // This protocol's answers have no place for the version.
  const headers = { "weft-version": model.version };
  const write = (tasks: readonly TaskScores[]) => {
    context.service.mirror(model, { encode, scores: tasks });
    const scores = byTask(model, tasks.map(({ scores }) => scores));
    if (isColumnar) return json({ outputs: scores }, { headers });
    const { tasks: names } = model;
    const predictions = names.length === 1
      ? scores
      : rows.map((_, i) => Object.fromEntries(names.map((name, t) => [name, tasks[t].scores[i]])));
    return json({ predictions }, { headers });
  };
  return await model.answer(() => encode(model.columns), write, {
    origin: context.origin,
    given: { id: context.requestId, rows: () => rows },
  });
}

function columnsToRows(inputs: Body): Row[] {
  const columns = Object.entries(inputs).map(([name, values]) => [name, listOf(`inputs.${name}`, values)] as const);
  const rows = columns[0]?.[1].length ?? 0;
  const other = columns.find(([, values]) => values.length !== rows);
  if (other) {
    refuse(
      `Cannot read the request: inputs must have ${rows} values each, received ${other[1].length} of "${other[0]}"`,
    );
  }
  return Array.from(
    { length: rows },
    (_, i) => Object.fromEntries(columns.map(([name, values]) => [name, values[i]])) as Row,
  );
}

function modelStatus({ service, parts: { model, version } }: Context): Response {
  const found = service.find(model, version);
  const versions = version === undefined ? service.versionsOf(found.name) : [found.version];
  const status = { error_code: "OK", error_message: "" };
  return json({ model_version_status: versions.map((version) => ({ version, state: "AVAILABLE", status })) });
}
