/**
 * Which way batches go, to the device or past it: what is faster when both are timed at the start.
 *
 * @module
 */
import { Dataset } from "../data/dataset.ts";
import type { FittedSchema } from "../data/fitted_schema.ts";
import type { Histories } from "../data/histories.ts";
import type { Scores } from "../predictor.ts";

/** The way of batches of one size. */
export interface BatchWay {
  /** Rows of a batch of that size. */
  readonly rows: number;
  /** Rows up to which the processor computes such a batch: all of them, some, or none of those that no smaller size holds. */
  readonly processorRows: number;
  /** Median time of a whole batch on the device in ms; absent where it was not timed. */
  readonly deviceMs?: number;
  /** The same on the processor. */
  readonly processorMs?: number;
}

/** What can score rows. */
export interface Pass {
  /** Computes probabilities and logits of each row. */
  score(data: Dataset): Promise<Scores>;
}

/** A pass for batches of one size. */
export interface SizedPass extends Pass {
  /** Rows of a batch. */
  readonly batch: number;
}

/** Runs that are not timed, because code is compiled meanwhile. */
const WARM_UPS = 2;

/** Runs that are timed. */
const RUNS = 7;

/** Time after which no further run is begun, in ms. */
const LONGEST = 200;

/**
 * Times batches of each size on the device and on the processor, until the processor is slower.
 *
 * The device takes as long for a batch that is not full, the processor less. So of a size at which it is slower the smaller
 * batches may be its own: those of fewer rows than where the line between its times of this size and of the one before it
 * crosses the device's time. Past the first such size its time is taken to grow with the rows.
 *
 * @param device passes on the device, the smallest first
 * @param now tells the time in ms
 */
export async function timeWays(
  device: readonly SizedPass[],
  processor: Pass,
  schema: FittedSchema,
  now: () => number = () => performance.now(),
): Promise<BatchWay[]> {
  const ways: BatchWay[] = [];
  let [isSlower, before] = [false, { rows: 0, ms: 0 }];
  for (const pass of device) {
    const rows = pass.batch;
    const data = drawRows(schema, rows);
    const deviceMs = await medianOf(() => pass.score(data), now);
    const processorMs = isSlower ? undefined : await medianOf(() => processor.score(data), now);
    const ms = processorMs ?? before.ms * rows / before.rows;
    const crossing = before.rows + (deviceMs - before.ms) * (rows - before.rows) / (ms - before.ms);
    const most = ms < deviceMs ? rows : deviceMs <= before.ms ? 0 : Math.floor(crossing);
    ways.push({
      ...{ rows, deviceMs, processorRows: most > before.rows ? most : 0 },
      ...(processorMs !== undefined && { processorMs }),
    });
    isSlower ||= ms >= deviceMs;
    before = { rows, ms };
  }
  return ways;
}

/** Says which way batches of a size go. */
export function describeWay({ rows, processorRows }: BatchWay): string {
  if (processorRows === 0) return "device";
  return processorRows === rows ? "processor" : `processor up to ${processorRows} rows`;
}

/** Says in a line which batches go past the device, and what that saves. */
export function describeWays(ways: readonly BatchWay[], reason?: string): string {
  const own = ways.filter(({ processorRows }) => processorRows > 0);
  if (own.length === 0) return `all batches on the device${reason === undefined ? "" : `: ${reason}`}`;
  const sizes = own.map((way) => way.processorRows < way.rows ? `${way.processorRows} of ${way.rows}` : `${way.rows}`);
  const { rows, deviceMs, processorMs } = own[0];
  const times = deviceMs === undefined || processorMs === undefined
    ? ""
    : `; ${rows} in ${processorMs.toPrecision(2)} ms, on the device ${deviceMs.toPrecision(2)}`;
  return `on the processor batches up to ${sizes.join(", ")} rows${times}`;
}

async function medianOf(work: () => Promise<unknown>, now: () => number): Promise<number> {
  const start = now();
  const times: number[] = [];
  for (let run = 0; run < WARM_UPS + RUNS; run++) {
    const before = now();
    await work();
    const after = now();
    if (run >= WARM_UPS || after - start > LONGEST) times.push(after - before);
    if (after - start > LONGEST) break;
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

/** Makes rows whose values are spread over all that there are, so that lookups miss the caches as they do in service. */
function drawRows(schema: FittedSchema, rows: number): Dataset {
  let drawn = 0;
  const draw = ({ offset, rows: count }: { readonly offset: number; readonly rows: number }): number =>
    offset + (Math.imul(++drawn, 0x9e3779b1) >>> 0) % count;
  const ids = new Uint32Array(schema.fields.length * rows);
  schema.fields.forEach((field, f) => {
    for (let r = 0; r < rows; r++) ids[f * rows + r] = draw(field);
  });
  const histories = schema.histories.map(({ sequences, maxLength, weighted }): Histories => {
    const members = sequences.length;
    const offsets = Uint32Array.from({ length: rows + 1 }, (_, r) => r * maxLength);
    const lists = Uint32Array.from({ length: rows * maxLength * members }, (_, at) => draw(sequences[at % members]));
    return { offsets, ids: lists, ...(weighted && { weights: new Float32Array(rows * maxLength).fill(1) }) };
  });
  const values = schema.hasValues ? new Float32Array(ids.length).fill(1) : undefined;
  const labels = new Float32Array(schema.labelCount * rows);
  return new Dataset({ schema, rows, ids, values, histories, labels, labeled: false });
}
