/**
 * What a server counts, in the text format of Prometheus.
 *
 * The names `nv_inference_*` are those of Triton, so that its dashboards and scaling rules read them; the others are in
 * base units.
 *
 * @module
 */
import type { Histogram, Registry } from "npm:prom-client@15.1.3";
import type { BatchReport } from "./batcher.ts";
import { RequestCounts } from "./request_counts.ts";
import { addRolloutMetrics } from "./rollout_metrics.ts";
import type { Route } from "./route.ts";
import type { RequestObserver, RequestSuccess, ServedModel } from "./served_model.ts";
import type { Service } from "./service.ts";
import type { Duration } from "./statistics.ts";

type Library = typeof import("npm:prom-client@15.1.3");

/** Adds what is told to a registry. */
export type Describe = (library: Library, registry: Registry) => void;

const MODEL = ["model", "version"];
/** Bounds of times in seconds: 0.5 ms to 10 s. */
const SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
/** Bounds of rows. */
const ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192];

type Readings = Readonly<Record<string, readonly [help: string, value: (model: ServedModel) => number]>>;

/** Counters that models keep, by what they count. */
const COUNTS: Readings = {
  nv_inference_request_success: ["Answered requests", ({ statistics }) => statistics.stage("success").count],
  nv_inference_count: ["Scored rows", ({ statistics }) => statistics.rows],
  nv_inference_exec_count: ["Computed batches", ({ statistics }) => statistics.executions],
  nv_inference_request_duration_us: ["Time of answered requests", ({ statistics }) => us(statistics.stage("success"))],
  nv_inference_queue_duration_us: ["Time of waiting for a batch", ({ statistics }) => us(statistics.stage("queue"))],
  nv_inference_compute_input_duration_us: [
    "Time of reading rows",
    ({ statistics }) => us(statistics.stage("compute_input")),
  ],
  nv_inference_compute_infer_duration_us: [
    "Time of batches",
    ({ statistics }) => us(statistics.stage("compute_infer")),
  ],
  nv_inference_compute_output_duration_us: [
    "Time of writing answers",
    ({ statistics }) => us(statistics.stage("compute_output")),
  ],
  weft_worker_restarts_total: ["Workers that were started in place of one that had ended", ({ restarts }) => restarts],
};

/** States of models by what they tell. */
const STATES: Readings = {
  nv_inference_pending_request_count: ["Requests that wait for a batch", ({ pending }) => pending],
  weft_model_ready: ["Whether requests can be answered: 1, or 0", ({ isReady }) => Number(isReady)],
};

const us = ({ ms }: Duration): number => Math.round(1000 * ms);

const labelsOf = ({ name, version }: ServedModel) => ({ model: name, version });

/** Counts requests, and tells of them at `/metrics`. */
export class Metrics implements RequestObserver {
  readonly #registry: Registry;
  readonly #requestSeconds: Histogram;
  readonly #queueSeconds: Histogram;
  readonly #batchSeconds: Histogram;
  readonly #batchRows: Histogram;
  readonly #counts = new RequestCounts();

  private constructor(library: Library, service: Service) {
    const { Counter, Gauge, Histogram, Registry } = library;
    const registry = this.#registry = new Registry();
    const registers = [registry];
    addRolloutMetrics(library, service, registers);
    const histogram = (name: string, help: string, buckets: number[]) =>
      new Histogram({ name, help, buckets, labelNames: MODEL, registers });
    this.#requestSeconds = histogram("weft_request_seconds", "Time of answered requests", SECONDS);
    this.#queueSeconds = histogram("weft_queue_seconds", "Time that requests waited for a batch", SECONDS);
    this.#batchSeconds = histogram("weft_batch_seconds", "Time of batches", SECONDS);
    this.#batchRows = histogram("weft_batch_rows", "Rows of batches", ROWS);
    this.#counts.describe(Counter, registry);
    for (const [name, [help, value]] of Object.entries(COUNTS)) {
      new Counter({
        ...{ name, help, labelNames: MODEL, registers },
        collect() {
          this.reset();
          for (const model of service.models) this.inc(labelsOf(model), value(model));
        },
      });
    }
    new Counter({
      ...{ name: "nv_inference_request_failure", help: "Refused or failed requests", registers },
      labelNames: [...MODEL, "reason"],
      collect() {
        this.reset();
        for (const model of service.models) {
          for (const [reason, count] of model.statistics.failures) this.inc({ ...labelsOf(model), reason }, count);
        }
      },
    });
    for (const [name, [help, value]] of Object.entries(STATES)) {
      new Gauge({
        ...{ name, help, labelNames: MODEL, registers },
        collect() {
          this.reset();
          for (const model of service.models) this.set(labelsOf(model), value(model));
        },
      });
    }
    this.#gaugeForward(library, service);
  }

  #gaugeForward({ Gauge }: Library, service: Service): void {
    new Gauge({
      name: "weft_forward_seconds",
      help: "Time of a forward pass over so many rows when the model was opened, by way",
      labelNames: [...MODEL, "rows", "way"],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const model of service.models) {
          for (const { rows, deviceMs, processorMs } of model.ways) {
            for (const [way, ms] of Object.entries({ device: deviceMs, processor: processorMs })) {
              if (ms !== undefined) this.set({ ...labelsOf(model), rows, way }, ms / 1000);
            }
          }
        }
      },
    });
  }

  /**
   * Loads the library and starts to count.
   *
   * @param more adds what others count
   */
  static async create(service: Service, more: readonly Describe[] = []): Promise<Metrics> {
    const library = await import("npm:prom-client@15.1.3");
    const metrics = new Metrics(library, service);
    for (const describe of more) describe(library, metrics.#registry);
    return metrics;
  }

  /** The route that tells what was counted. */
  get route(): Route {
    const headers = { "content-type": this.#registry.contentType };
    const run = async () => new Response(await this.#registry.metrics(), { headers });
    return { method: "GET", path: /^\/metrics$/, run };
  }

  /** Counts an answered request. */
  onSuccess(model: ServedModel, event: RequestSuccess): void {
    const labels = labelsOf(model);
    this.#requestSeconds.observe(labels, event.ms / 1000);
    this.#queueSeconds.observe(labels, event.queueMs / 1000);
    this.#counts.add(model, event);
  }

  /** Counts a batch. */
  onBatch(model: ServedModel, { rows, computeMs }: BatchReport): void {
    this.#batchSeconds.observe(labelsOf(model), computeMs / 1000);
    this.#batchRows.observe(labelsOf(model), rows);
  }
}
